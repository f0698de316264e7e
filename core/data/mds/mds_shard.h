#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/data/mds/mds_index.h"

namespace temper::data {

/// One MDS shard, decompressed, that it borrows with its description:
///   u32 samples n | u32 begin[n + 1], positions in the file | configuration in JSON | the samples
/// a sample being the u32 sizes of its columns of variable size, then the columns. All
/// little-endian. Thread-safe.
class MdsShard {
 public:
  /// Checks every position, so that nothing read later lies outside. FatalError naming `origin` if
  /// the shard is damaged or not the one that `info` describes.
  MdsShard(std::span<const std::byte> bytes, const MdsShardInfo& info, std::string origin);

  std::uint64_t size() const { return num_samples_; }

  /// A sample as one JSON object with the columns as keys. FatalError naming file, sample and
  /// column if it is damaged.
  std::string read_json(std::uint64_t index) const;

  /// The stored bytes of each column of a sample, in the order of the columns.
  std::vector<std::span<const std::byte>> read_columns(std::uint64_t index) const;

 private:
  std::span<const std::byte> sample(std::uint64_t index) const;
  std::uint64_t begin_of(std::uint64_t index) const;

  std::span<const std::byte> bytes_;
  const MdsShardInfo& info_;
  std::string origin_;
  std::uint64_t num_samples_ = 0;
  std::span<const std::byte> begins_;
};

}  // namespace temper::data
