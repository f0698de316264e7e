#include "core/data/stream/shard_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/file_error.h"
#include "core/base/hash.h"
#include "core/base/unique_fd.h"

// Files of the folder:
//   <name>.shard       an entry (cache_entry.h); its modification time is when it was last opened
//   <name>.shard.part  one being made, or left by a killed process
//   lock-<00..ff>      held (flock) by the one that makes an entry of this stripe; never deleted
// Stripes rather than a lock an entry, so that locks need no cleaning up, which is where such
// schemes break. A thread holds one at a time.

namespace temper::data {
namespace {

constexpr mode_t kFileMode = 0666;

std::filesystem::path lock_path(const std::filesystem::path& entry) {
  const std::string stripe = sha256_hex(entry.filename().string()).substr(0, 2);
  return entry.parent_path() / ("lock-" + stripe);
}

UniqueFd open_lock(const std::filesystem::path& entry) {
  const auto path = lock_path(entry);
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (!fd.valid()) {
    throw FileError("lock", path, errno);
  }
  return fd;
}

UniqueFd lock(const std::filesystem::path& entry) {
  UniqueFd fd = open_lock(entry);
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) {
      throw FileError("lock", lock_path(entry), errno);
    }
  }
  return fd;
}

struct Candidate {
  std::filesystem::path path;
  std::uint64_t size_bytes = 0;
  std::int64_t used_seconds = 0;
  std::int64_t used_nanoseconds = 0;
};

std::vector<Candidate> list_by_use(const std::filesystem::path& folder) {
  std::vector<Candidate> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    struct stat status {};
    if ((name.ends_with(".shard") || name.ends_with(".part")) &&
        ::stat(entry->path().c_str(), &status) == 0) {
      found.push_back({entry->path(), static_cast<std::uint64_t>(status.st_size),
                       status.st_mtim.tv_sec, status.st_mtim.tv_nsec});
    }
  }
  std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.used_seconds, a.used_nanoseconds, a.path) <
           std::tie(b.used_seconds, b.used_nanoseconds, b.path);
  });
  return found;
}

/// False for a part that somebody is writing.
bool remove_entry(const std::filesystem::path& path) {
  if (path.extension() == ".part") {
    std::filesystem::path entry = path;
    const UniqueFd fd = open_lock(entry.replace_extension());
    return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && ::unlink(path.c_str()) == 0;
  }
  return ::unlink(path.c_str()) == 0;
}

}  // namespace

ShardCache::ShardCache(Options options, Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

std::filesystem::path ShardCache::path_of(const std::string& name) const {
  return options_.folder / (name + ".shard");
}

std::optional<CachedContent> ShardCache::find(const std::filesystem::path& path) const {
  auto content = CachedContent::open(path);
  if (content) {
    const auto now = clock_.now().time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
    const timespec used{seconds.count(), std::chrono::nanoseconds(now - seconds).count()};
    const std::array<timespec, 2> times{used, used};
    ::utimensat(AT_FDCWD, path.c_str(), times.data(), 0);
  }
  return content;
}

void ShardCache::make_entry(const std::filesystem::path& path, const Make& make) const {
  CacheEntryWriter writer(path);
  make(writer);
  writer.commit();
}

CachedContent ShardCache::get(const std::string& name, std::uint64_t expected_bytes,
                              const Make& make) {
  const std::filesystem::path path = path_of(name);
  if (auto content = find(path)) {
    return std::move(*content);
  }
  std::error_code error;
  std::filesystem::create_directories(options_.folder, error);
  if (error) {
    throw FileError("make", options_.folder, error.value());
  }
  const UniqueFd held = lock(path);
  if (auto content = find(path)) {
    return std::move(*content);
  }
  make_room(expected_bytes, options_.max_bytes);
  try {
    make_entry(path, make);
  } catch (const FileError& failure) {
    if (!is_out_of_space(failure.error_number())) {
      throw;
    }
    make_room(expected_bytes, 0);  // others may have filled the disk: give up all we can
    make_entry(path, make);
  }
  if (auto content = find(path)) {
    return std::move(*content);
  }
  throw FileError("read back", path, EIO);
}

void ShardCache::make_room(std::uint64_t needed_bytes, std::uint64_t max_bytes) {
  const std::lock_guard guard(room_mutex_);
  const std::vector<Candidate> candidates = list_by_use(options_.folder);
  std::uint64_t total = needed_bytes;
  for (const Candidate& candidate : candidates) {
    total += candidate.size_bytes;
  }
  for (const Candidate& candidate : candidates) {
    if (total <= max_bytes) {
      return;
    }
    if (remove_entry(candidate.path)) {
      total -= candidate.size_bytes;
    }
  }
}

}  // namespace temper::data
