#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hub/repository_name.h"
#include "core/hub/tree.h"

namespace temper::hub {

/// One repository's folder in the cache that all Hugging Face tools share (hub-docs, "Understand
/// caching"; huggingface_hub 2.4):
///   <cache>/models--org--name/blobs/<etag>               contents; <etag>.incomplete: so far
///                             refs/<revision>            the commit, as text
///                             snapshots/<commit>/<path>  relative links to ../../blobs/<etag>
///                             trees/<commit>.json        Python's list of that commit's files
///                             .temper-trees/<commit>.json  ours
///   <cache>/.locks/models--org--name/<etag>.lock         flock'ed by who downloads
/// Python takes its list for a promise that all of those files are in the snapshot; we fetch a
/// few, so ours has another place, in the same format. Both are believed. Thread-safe.
class RepositoryCache {
 public:
  RepositoryCache(const std::filesystem::path& cache, const RepositoryName& repository);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path blob(std::string_view etag) const;
  std::filesystem::path incomplete(std::string_view etag) const;
  std::filesystem::path lock(std::string_view etag) const;
  std::filesystem::path snapshot(std::string_view commit) const;

  /// The commit that the revision was when it was last looked up; nullopt if never.
  std::optional<std::string> commit_of(std::string_view revision) const;
  /// FileError.
  void remember(std::string_view revision, std::string_view commit) const;

  /// The list of all files of a commit; nullopt if there is none or it is damaged.
  std::optional<std::vector<TreeFile>> tree(std::string_view commit) const;
  /// FileError.
  void remember_tree(std::string_view commit, const std::vector<TreeFile>& files) const;

  /// Whether the snapshot has the file, with the size that the list names.
  bool has(std::string_view commit, const TreeFile& file) const;
  /// Makes the snapshot's link to the blob, which exists. FileError.
  void link(std::string_view commit, const TreeFile& file) const;

  /// Makes the folders and, in a new cache, the tag that keeps it out of backups. FileError.
  void make_folders() const;

 private:
  const std::filesystem::path cache_;
  const std::filesystem::path folder_;
  const std::filesystem::path locks_;
};

/// The text of a list of files, and back; nullopt if it is no such list. Public for tests.
std::string tree_text(const std::vector<TreeFile>& files);
std::optional<std::vector<TreeFile>> parse_tree_text(std::string_view text);

}  // namespace temper::hub
