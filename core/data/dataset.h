#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/data/shard_reader.h"
#include "core/data/stream/stored_file.h"
#include "core/recipe/recipe.h"

namespace temper::data {

/// Where data comes from and is kept meanwhile. What it refers to must outlive the data sets.
struct DataAccess {
  std::filesystem::path cache_dir;
  std::uint64_t cache_bytes = std::uint64_t{64} << 30;  ///< of shards kept in the cache
  OpenStore open_store{};                               ///< empty: storage::open_store
  Clock* clock = nullptr;                               ///< nullptr: the system's
};

/// All shards of a list of sources, in a fixed order (sources as given, files sorted by path).
/// Thread-safe after construction.
class Dataset {
 public:
  /// Expands files, folders and globs and opens every shard; the records of those in stores are
  /// fetched when they are read. UserError for a path that matches nothing, an unknown ending, or
  /// no record at all (in any source, if one has a weight).
  Dataset(const std::vector<recipe::DataSource>& sources, const DataAccess& access);
  Dataset(const std::vector<recipe::DataSource>& sources, const std::filesystem::path& cache_dir);
  ~Dataset();
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  std::uint64_t size() const { return shard_begins_.back(); }
  std::vector<std::uint64_t> shard_sizes() const;
  /// Record `index` of shard `shard`.
  Record read(std::uint64_t shard, std::uint64_t index) const;
  /// Record `i` in [0, size()), counted over all shards.
  Record read(std::uint64_t i) const;
  /// sha256 over the shards' fingerprints and sizes. The same data compressed has the same.
  std::string fingerprint() const;

  /// The shards of each source: [first, second), and its weight.
  struct SourceShards {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::optional<double> weight;
  };
  const std::vector<SourceShards>& sources() const { return sources_; }

  /// Shard `shard`, for fetching ahead.
  const ShardReader& shard(std::uint64_t shard) const { return *shards_.at(shard); }
  /// Whether reading may wait for a store.
  bool is_streamed() const;

 private:
  std::unique_ptr<Clock> own_clock_;
  std::vector<std::unique_ptr<ShardReader>> shards_;
  std::vector<std::uint64_t> shard_begins_;  // over all shards, and the end
  std::vector<SourceShards> sources_;
};

}  // namespace temper::data
