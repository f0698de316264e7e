#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/data/shard_reader.h"
#include "core/recipe/recipe.h"

namespace temper::data {

/// All shards of a list of sources, in a fixed order (sources as given, files sorted by path).
/// Thread-safe after construction.
class Dataset {
 public:
  /// Expands files, folders and globs and opens every shard. UserError for a path that matches
  /// nothing, an unknown ending, or no record at all.
  Dataset(const std::vector<recipe::DataSource>& sources, const std::filesystem::path& cache_dir);

  std::uint64_t size() const { return shard_begins_.back(); }
  std::vector<std::uint64_t> shard_sizes() const;
  /// Record `index` of shard `shard`.
  Record read(std::uint64_t shard, std::uint64_t index) const;
  /// Record `i` in [0, size()), counted over all shards.
  Record read(std::uint64_t i) const;
  /// sha256 over the shards' fingerprints and sizes. The same data compressed has the same.
  std::string fingerprint() const;

 private:
  std::vector<std::unique_ptr<ShardReader>> shards_;
  std::vector<std::uint64_t> shard_begins_;  // over all shards, and the end
};

}  // namespace temper::data
