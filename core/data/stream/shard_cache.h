#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/data/stream/cache_entry.h"

namespace temper::data {

/// A bounded folder of shards' contents, shared by all processes of a machine (or of several, on a
/// shared file system with flock). Whoever asks for an entry first makes it; the others wait and
/// find it. Entries are verified when written and whenever opened; a damaged one is made again. The
/// least recently opened are deleted to keep within the bound; those in use live on in memory maps,
/// so the disk may hold more than the bound by what is in use or being made. Safe against kill.
/// Thread-safe.
class ShardCache {
 public:
  struct Options {
    std::filesystem::path folder;
    std::uint64_t max_bytes = std::uint64_t{64} << 30;
  };
  /// `clock` must outlive it: entries are marked with the time of their last opening.
  ShardCache(Options options, Clock& clock);

  /// Fills the writer, which may hold a part from before, with the whole content.
  using Make = std::function<void(CacheEntryWriter&)>;

  /// The entry `name` (letters, digits and '.'), from the folder or by `make`. `expected_bytes` is
  /// how much room to make. Passes on what `make` throws, leaving the part. FileError if the folder
  /// can't be written; out of space only when nothing is left to delete.
  CachedContent get(const std::string& name, std::uint64_t expected_bytes, const Make& make);

  /// Where the entry is or would be.
  std::filesystem::path path_of(const std::string& name) const;

 private:
  std::optional<CachedContent> find(const std::filesystem::path& path) const;
  void make_entry(const std::filesystem::path& path, const Make& make) const;
  /// Deletes the least recently opened until there is room for `needed_bytes` within `max_bytes`.
  void make_room(std::uint64_t needed_bytes, std::uint64_t max_bytes);

  const Options options_;
  Clock& clock_;
  std::mutex room_mutex_;
};

}  // namespace temper::data
