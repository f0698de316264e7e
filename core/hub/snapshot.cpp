#include "core/hub/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <system_error>

#include "core/base/file_error.h"
#include "core/hub/blob_download.h"
#include "core/hub/repository_cache.h"
#include "core/hub/revision.h"
#include "core/storage/cloud/parallel.h"

namespace temper::hub {
namespace {

namespace fs = std::filesystem;

/// Files from this size on are fetched in parts, two at a time: more only share the connections.
constexpr std::uint64_t kLargeBytes = 32U << 20U;
constexpr std::size_t kLargeAtOnce = 2;

std::uint64_t free_bytes_of(const fs::path& folder) {
  return fs::space(folder).available;
}

/// What is missing of `files`, each content once.
std::vector<TreeFile> missing_of(const RepositoryCache& cache, const std::vector<TreeFile>& files) {
  std::vector<TreeFile> missing;
  for (const TreeFile& file : files) {
    const bool is_listed = std::any_of(missing.begin(), missing.end(), [&](const TreeFile& other) {
      return other.etag() == file.etag();
    });
    if (!is_listed && !fs::exists(cache.blob(file.etag()))) {
      missing.push_back(file);
    }
  }
  return missing;
}

std::uint64_t bytes_to_fetch(const RepositoryCache& cache, const std::vector<TreeFile>& missing) {
  std::uint64_t total = 0;
  for (const TreeFile& file : missing) {
    std::error_code absent;
    const std::uintmax_t there = fs::file_size(cache.incomplete(file.etag()), absent);
    total += file.size_bytes - (absent ? 0 : std::min<std::uintmax_t>(there, file.size_bytes));
  }
  return total;
}

void check_space(const FetchOptions& options, const RepositoryCache& cache, std::uint64_t needed,
                 const std::string& what) {
  const std::uint64_t available =
      options.free_bytes ? options.free_bytes(cache.folder()) : free_bytes_of(cache.folder());
  if (needed > available) {
    throw HubError(
        HubError::Kind::kNoSpace,
        fmt::format("cannot fetch {}: {} are to be downloaded, {} has room for {}. Free "
                    "some (`hf cache prune`), or set HF_HOME or HF_HUB_CACHE to another "
                    "disk",
                    what, size_text(needed), cache.folder().string(), size_text(available)));
  }
}

/// The commit when nobody can be asked, or `error` if it isn't known.
std::string remembered_commit(const RepositoryCache& cache, const HubLocation& location,
                              const HubError& error, const Logger& logger) {
  const auto commit = cache.commit_of(location.revision_or_main());
  if (!commit) {
    throw error;
  }
  if (error.kind() != HubError::Kind::kOffline) {
    logger.warning("{}; taking {} as it was when it was last looked up: {}", error.what(),
                   location.url(), *commit);
  }
  return *commit;
}

/// A cache that may only be read is as good as one that remembers.
void remembering(const HubApi& api, const std::function<void()>& write) {
  try {
    write();
  } catch (const FileError& error) {
    api.client().logger().warning("{}; the Hub will be asked again next time", error.what());
  }
}

bool is_about_the_world(const HubError& error) {
  return error.kind() == HubError::Kind::kOffline || error.kind() == HubError::Kind::kUnavailable;
}

}  // namespace

std::string find_commit(const HubApi& api, const HubLocation& location) {
  const RepositoryCache cache(api.settings().cache, location.repository);
  try {
    return resolve_commit(api, location);
  } catch (const HubError& error) {
    if (!is_about_the_world(error)) {
      throw;
    }
    return remembered_commit(cache, location, error, api.client().logger());
  }
}

Snapshot::Snapshot(const HubApi& api, HubLocation location, std::string commit,
                   std::vector<TreeFile> files)
    : api_(api),
      location_(std::move(location)),
      commit_(std::move(commit)),
      files_(std::move(files)) {}

Snapshot Snapshot::open(const HubApi& api, const HubLocation& location) {
  const RepositoryCache cache(api.settings().cache, location.repository);
  std::string commit = find_commit(api, location);
  if (auto files = cache.tree(commit)) {
    return {api, location, std::move(commit), std::move(*files)};
  }
  std::vector<TreeFile> files = list_tree(api, {location.repository, commit, ""});
  remembering(api, [&] {
    cache.make_folders();
    cache.remember_tree(commit, files);
  });
  return {api, location, std::move(commit), std::move(files)};
}

fs::path Snapshot::folder() const {
  return RepositoryCache(api_.settings().cache, location_.repository).snapshot(commit_);
}

HubLocation Snapshot::place_of(const std::string& path) const {
  return {location_.repository, commit_, path};
}

const TreeFile* Snapshot::find(const std::string& path) const {
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [&](const TreeFile& file) { return file.path == path; });
  return found == files_.end() ? nullptr : &*found;
}

std::uint64_t Snapshot::missing_bytes(const std::vector<TreeFile>& wanted) const {
  const RepositoryCache cache(api_.settings().cache, location_.repository);
  return bytes_to_fetch(cache, missing_of(cache, wanted));
}

void Snapshot::fetch(const std::vector<TreeFile>& wanted, const FetchOptions& options) const {
  const RepositoryCache cache(api_.settings().cache, location_.repository);
  const bool is_whole = std::all_of(wanted.begin(), wanted.end(),
                                    [&](const TreeFile& file) { return cache.has(commit_, file); });
  if (is_whole) {
    remembering(api_, [&] { cache.remember(location_.revision_or_main(), commit_); });
    return;
  }
  cache.make_folders();
  const std::string what = place_of("").url();
  std::vector<TreeFile> missing = missing_of(cache, wanted);
  if (!missing.empty()) {
    if (api_.settings().offline) {
      throw HubError(HubError::Kind::kOffline,
                     fmt::format("cannot fetch {}: {} is not in the cache ({}), and HF_HUB_OFFLINE "
                                 "is set",
                                 what, missing.front().path, cache.folder().string()));
    }
    check_space(options, cache, bytes_to_fetch(cache, missing), what);
    download(missing, options);
  }
  for (const TreeFile& file : wanted) {
    cache.link(commit_, file);
  }
  cache.remember(location_.revision_or_main(), commit_);
}

void Snapshot::download(const std::vector<TreeFile>& missing, const FetchOptions& options) const {
  const RepositoryCache cache(api_.settings().cache, location_.repository);
  std::vector<TreeFile> small, large;
  std::uint64_t total = 0;
  for (const TreeFile& file : missing) {
    (file.size_bytes < kLargeBytes ? small : large).push_back(file);
    total += file.size_bytes;
  }
  const std::string what = place_of("").url();
  api_.client().logger().info("fetching {} files ({}) of {} into {}", missing.size(),
                              size_text(total), what, cache.folder().string());
  DownloadProgress progress(what, total, api_.client().logger(), api_.client().clock());
  storage::run_parallel(small.size(), [&](std::size_t i) {
    PieceOptions one = options.pieces;
    one.num_threads = one.num_buffers = 1;
    download_blob(api_, cache, place_of(small[i].path), small[i], one, progress);
  });
  const std::size_t num_lanes = std::min(kLargeAtOnce, large.size());
  std::atomic<std::size_t> next = 0;
  storage::run_parallel(num_lanes, [&](std::size_t) {
    PieceOptions share = options.pieces;
    share.num_threads = std::max<std::size_t>(share.num_threads / num_lanes, 1);
    share.num_buffers = std::max(share.num_buffers / num_lanes, share.num_threads);
    for (std::size_t i = next++; i < large.size(); i = next++) {
      try {
        download_blob(api_, cache, place_of(large[i].path), large[i], share, progress);
      } catch (...) {
        next = large.size();
        throw;
      }
    }
  });
  progress.finish();
}

}  // namespace temper::hub
