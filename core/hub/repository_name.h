#pragma once

#include <string>
#include <string_view>

namespace temper::hub {

enum class RepositoryKind { kModel, kDataset };

/// A repository of the Hub: "org/name", or "name" for the few old ones without an owner.
struct RepositoryName {
  RepositoryKind kind = RepositoryKind::kModel;
  std::string name;

  std::string url() const;           ///< for messages: "hf://org/name", "hf://datasets/org/name"
  std::string api_path() const;      ///< "/api/models/org/name", "/api/datasets/org/name"
  std::string web_path() const;      ///< "/org/name", "/datasets/org/name"; of pages, files, LFS
  std::string cache_folder() const;  ///< "models--org--name", "datasets--org--name"
  std::string_view noun() const;     ///< "model", "data set"
  bool operator==(const RepositoryName&) const = default;
};

/// A repository, a revision of it, and a file or folder in it.
struct HubLocation {
  RepositoryName repository;
  std::string revision;  ///< branch, tag, commit or refs/pr/N; "" when it was not given
  std::string path;      ///< "": the whole repository; no '/' at either end

  /// "hf://org/name@revision/path".
  std::string url() const;
  std::string revision_or_main() const { return revision.empty() ? "main" : revision; }
};

/// Throws UserError, naming `origin`, unless `name` is one that the Hub allows: at most 96 letters,
/// digits, '-', '_' and '.' with at most one '/', no "--" or "..", no '-' or '.' at an end of a
/// part, not ending in ".git".
void check_repository_name(std::string_view name, std::string_view origin);
/// The same as a question.
bool is_repository_name(std::string_view name);

bool is_hub_url(std::string_view location);

/// "hf://org/name@main/folder/file.jsonl", "hf://datasets/org/name". A revision ends at the next
/// '/', except in "refs/pr/7" and "refs/convert/parquet"; in other branches '/' is written "%2F".
/// UserError naming what is wrong with it.
HubLocation parse_hub_url(std::string_view url);

/// Whether `revision` is a full commit: 40 hexadecimal digits.
bool is_commit(std::string_view revision);

}  // namespace temper::hub
