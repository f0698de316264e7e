#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>

#include "core/base/unique_fd.h"

namespace temper::data {

/// Holds the right to build one entry of a cache, against other processes and threads, until it is
/// destroyed (flock(2) on a file that stays; a killed holder loses it at once).
class CacheLock {
 public:
  /// Waits for the lock. nullopt if the folder or the file can't be made or locked: the cache is
  /// not usable then.
  static std::optional<CacheLock> acquire(const std::filesystem::path& lock_file);

 private:
  explicit CacheLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

/// A file that appears under its name whole and on disk, or not at all: written beside it as
/// `<name>.part`, flushed, renamed, and the folder flushed. Only the holder of the entry's lock may
/// write, so that what a killed one left is simply overwritten.
class CacheFileWriter {
 public:
  explicit CacheFileWriter(std::filesystem::path path);
  ~CacheFileWriter();  ///< removes the part if commit() did not succeed
  CacheFileWriter(const CacheFileWriter&) = delete;
  CacheFileWriter& operator=(const CacheFileWriter&) = delete;

  /// After a failure (disk full, no rights) the rest is ignored and commit() returns false.
  void append(std::span<const std::byte> bytes);
  [[nodiscard]] bool commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path part_;
  UniqueFd fd_;
  bool good_ = false;
};

}  // namespace temper::data
