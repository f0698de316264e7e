#include "core/hub/repository_cache.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/base/durable_file.h"
#include "core/base/error.h"
#include "core/base/file_error.h"

namespace temper::hub {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kTreeVersion = 1;
constexpr std::string_view kTagName = "CACHEDIR.TAG";
// The signature of https://bford.info/cachedir/.
constexpr std::string_view kTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder is a cache of the Hugging Face Hub.\n";

std::optional<std::string> text_of_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// One entry of a list as one of the Hub's API, which knows what may be in it.
Json api_entry(const std::string& path, const Json& info) {
  Json entry = {{"type", "file"},
                {"path", path},
                {"size", info.value("size", Json())},
                {"oid", info.value("blob_id", Json())}};
  if (info.contains("lfs_sha256")) {
    entry["lfs"] = {{"oid", info["lfs_sha256"]}, {"size", info.value("lfs_size", Json())}};
    entry["xetHash"] = info.value("xet_hash", Json());
  }
  return entry;
}

}  // namespace

RepositoryCache::RepositoryCache(const fs::path& cache, const RepositoryName& repository)
    : cache_(cache),
      folder_(cache / repository.cache_folder()),
      locks_(cache / ".locks" / repository.cache_folder()) {}

fs::path RepositoryCache::blob(std::string_view etag) const {
  return folder_ / "blobs" / etag;
}

fs::path RepositoryCache::incomplete(std::string_view etag) const {
  return folder_ / "blobs" / fmt::format("{}.incomplete", etag);
}

fs::path RepositoryCache::lock(std::string_view etag) const {
  return locks_ / fmt::format("{}.lock", etag);
}

fs::path RepositoryCache::snapshot(std::string_view commit) const {
  return folder_ / "snapshots" / commit;
}

std::optional<std::string> RepositoryCache::commit_of(std::string_view revision) const {
  const std::optional<std::string> text = text_of_file(folder_ / "refs" / revision);
  if (!text) {
    return std::nullopt;
  }
  const std::string commit = text->substr(0, text->find_first_of(" \r\n"));
  return is_commit(commit) ? std::optional(commit) : std::nullopt;
}

void RepositoryCache::remember(std::string_view revision, std::string_view commit) const {
  if (revision != commit && commit_of(revision) != commit) {
    write_file_durably(folder_ / "refs" / revision, commit);
  }
}

std::optional<std::vector<TreeFile>> RepositoryCache::tree(std::string_view commit) const {
  for (const char* name : {".temper-trees", "trees"}) {
    const auto text = text_of_file(folder_ / name / fmt::format("{}.json", commit));
    if (auto files = text ? parse_tree_text(*text) : std::nullopt) {
      return files;
    }
  }
  return std::nullopt;
}

void RepositoryCache::remember_tree(std::string_view commit,
                                    const std::vector<TreeFile>& files) const {
  write_file_durably(folder_ / ".temper-trees" / fmt::format("{}.json", commit), tree_text(files));
}

bool RepositoryCache::has(std::string_view commit, const TreeFile& file) const {
  std::error_code absent;
  const std::uintmax_t size_bytes = fs::file_size(snapshot(commit) / file.path, absent);
  return !absent && size_bytes == file.size_bytes;
}

void RepositoryCache::link(std::string_view commit, const TreeFile& file) const {
  const fs::path place = snapshot(commit) / file.path;
  const fs::path target = blob(file.etag()).lexically_relative(place.parent_path());
  create_directories_durably(place.parent_path());
  std::error_code problem;
  fs::create_symlink(target, place, problem);
  if (problem == std::errc::file_exists && !has(commit, file)) {
    fs::remove(place, problem);  // a link to nothing, or half a copy
    fs::create_symlink(target, place, problem);
  }
  if (problem && problem != std::errc::file_exists) {
    throw FileError("link", place, problem.value());
  }
}

void RepositoryCache::make_folders() const {
  create_directories_durably(folder_ / "blobs");
  create_directories_durably(folder_ / "refs");
  create_directories_durably(folder_ / "snapshots");
  create_directories_durably(locks_);
  if (!fs::exists(cache_ / kTagName)) {
    static_cast<void>(create_file_durably(cache_ / kTagName, std::as_bytes(std::span(kTag))));
  }
}

std::string tree_text(const std::vector<TreeFile>& files) {
  Json list = Json::object();
  for (const TreeFile& file : files) {
    Json info = {{"size", file.size_bytes}, {"blob_id", file.git_oid}};
    if (file.is_lfs()) {
      info["lfs_sha256"] = file.sha256;
      info["lfs_size"] = file.size_bytes;
      if (!file.xet_hash.empty()) {
        info["xet_hash"] = file.xet_hash;
      }
    }
    list[file.path] = std::move(info);
  }
  return Json{{"format_version", kTreeVersion}, {"files", std::move(list)}}.dump(1);
}

std::optional<std::vector<TreeFile>> parse_tree_text(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("format_version", Json()) != kTreeVersion ||
      !json.contains("files") || !json["files"].is_object()) {
    return std::nullopt;
  }
  Json page = Json::array();
  for (const auto& [path, info] : json["files"].items()) {
    if (!info.is_object()) {
      return std::nullopt;
    }
    page.push_back(api_entry(path, info));
  }
  try {
    return parse_tree_page({"read a list of files", {}}, page.dump());
  } catch (const HubError&) {
    return std::nullopt;
  }
}

}  // namespace temper::hub
