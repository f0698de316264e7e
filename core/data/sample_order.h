#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/data/permutation.h"
#include "core/data/position_order.h"

namespace temper::data {

/// Maps position g of the endless training stream to a sample. Shards are permuted by (seed,
/// epoch); inside a window of consecutive shards the samples are permuted by (seed, epoch, window).
/// Depends on nothing else: neither on ranks nor on what was read before. Thread-safe; copies are
/// cheap.
class SampleOrder final : public PositionOrder {
 public:
  using Sample = PositionOrder::Sample;

  /// `window_shards` >= 1: how many shards are mixed with each other at a time. At least one shard
  /// must have a sample.
  SampleOrder(std::vector<std::uint64_t> shard_sizes, std::uint64_t seed,
              std::uint64_t window_shards = 16);

  Sample at(std::uint64_t position) const override;
  std::vector<Sample> between(std::uint64_t begin, std::uint64_t end) const override;
  Window window_at(std::uint64_t position) const override;

  /// Samples of one epoch.
  std::uint64_t epoch_size() const { return epoch_size_; }

 private:
  struct EpochLayout;
  struct LayoutCache;

  std::shared_ptr<const EpochLayout> layout_of(std::uint64_t epoch) const;
  EpochLayout make_layout(std::uint64_t epoch) const;

  std::vector<std::uint64_t> shard_sizes_;
  std::uint64_t seed_;
  std::uint64_t window_shards_;
  std::uint64_t epoch_size_ = 0;
  std::shared_ptr<LayoutCache> cache_;
};

}  // namespace temper::data
