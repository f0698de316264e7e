#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/data/mds/mds_index.h"
#include "core/storage/object_store.h"

namespace temper::data {

/// Writes MDS shards that MosaicML Streaming reads, byte for byte those that its own MDSWriter
/// would write from the same encoded samples (uncompressed; a compressor may differ).
class MdsWriter {
 public:
  struct Options {
    Compression compression = Compression::kNone;  ///< kNone, kZstd or kGzip
    std::vector<std::string> hashes = {"sha1"};    ///< of the files, sorted
    std::uint64_t size_limit_bytes = 1U << 26;     ///< of a raw shard; below 4 GiB
  };

  /// Borrows `destination`. `columns` in any order; they are stored sorted by name. UserError if
  /// there is an index already.
  MdsWriter(storage::ObjectStore& destination, std::vector<MdsColumn> columns, Options options);

  const std::vector<MdsColumn>& columns() const { return columns_; }

  /// Adds a sample: the stored bytes of each column, in the order of columns(). UserError if a
  /// value has another size than its encoding fixes, or does not fit a shard.
  void add(std::span<const std::string> values);

  /// Writes what is left and then the index, which makes the shards a data set. UserError if
  /// somebody else wrote an index meanwhile. Call once.
  void finish();

  std::uint64_t num_shards() const { return shards_.size(); }

 private:
  void flush_shard();
  std::string config_json() const;

  storage::ObjectStore& destination_;
  std::vector<MdsColumn> columns_;
  Options options_;
  std::string config_;
  std::vector<std::string> samples_;  // of the shard that is being filled
  std::uint64_t shard_bytes_ = 0;
  std::vector<std::string> shards_;  // their entries of the index
};

}  // namespace temper::data
