#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/hub/hub_api.h"
#include "core/hub/ordered_pieces.h"
#include "core/hub/tree.h"

namespace temper::hub {

struct FetchOptions {
  PieceOptions pieces = {};
  /// Free bytes on the file system of a folder that exists.
  std::function<std::uint64_t(const std::filesystem::path& folder)> free_bytes =
      {};  ///< empty: ask
};

/// One commit of a repository in the shared cache (repository_cache.h). Thread-safe.
class Snapshot {
 public:
  /// Looks up the commit and its list of files; no request if both are in the cache already, so
  /// none for a location with a commit that was listed before. Offline, or if the Hub can't be
  /// reached, a branch is what it was when it was last looked up. HubError. `api` outlives it.
  static Snapshot open(const HubApi& api, const HubLocation& location);

  const std::string& commit() const { return commit_; }
  const std::vector<TreeFile>& files() const { return files_; }
  /// Where the files are, or will be.
  std::filesystem::path folder() const;
  /// The location with the commit for its revision, and `path`.
  HubLocation place_of(const std::string& path) const;

  /// The file of that path from the root; nullptr if there is none.
  const TreeFile* find(const std::string& path) const;

  /// Makes `wanted` files be there, whole and checked. Those that are there cost nothing. HubError;
  /// kNoSpace if the disk is too small, which is looked at before anything is fetched; FileError.
  void fetch(const std::vector<TreeFile>& wanted, const FetchOptions& options = {}) const;

  /// How many bytes fetch() would download.
  std::uint64_t missing_bytes(const std::vector<TreeFile>& wanted) const;

 private:
  Snapshot(const HubApi& api, HubLocation location, std::string commit,
           std::vector<TreeFile> files);
  void download(const std::vector<TreeFile>& missing, const FetchOptions& options) const;

  const HubApi& api_;
  HubLocation location_;
  std::string commit_;
  std::vector<TreeFile> files_;
};

/// `location`'s commit as Snapshot::open finds it, without the list of files.
std::string find_commit(const HubApi& api, const HubLocation& location);

}  // namespace temper::hub
