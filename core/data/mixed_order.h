#pragma once

#include <cstdint>
#include <vector>

#include "core/data/permutation.h"
#include "core/data/position_order.h"
#include "core/data/sample_order.h"

namespace temper::data {

/// Draws from several sources by weight. The stream is cut into blocks of 10,000 positions; a block
/// has of each source as many as its weight's share, to the nearest whole number that makes 10,000
/// (largest remainder), and at least one. Within a block a keyed permutation mixes them. Each
/// source has a SampleOrder of its own, which it goes through without gap or repetition: after k
/// blocks exactly k times its share has been read.
class MixedOrder final : public PositionOrder {
 public:
  static constexpr std::uint64_t kBlock = 10'000;

  struct Source {
    std::vector<std::uint64_t> shard_sizes;
    double weight = 1;  ///< > 0
  };
  /// Shards are numbered over all sources, in their order. Every source must have a sample.
  /// UserError for more than kBlock sources.
  MixedOrder(const std::vector<Source>& sources, std::uint64_t seed);

  Sample at(std::uint64_t position) const override;
  std::vector<Sample> between(std::uint64_t begin, std::uint64_t end) const override;
  Window window_at(std::uint64_t position) const override;

  /// Positions of a block that each source has.
  std::vector<std::uint64_t> shares() const;

 private:
  struct Part {
    SampleOrder order;
    std::uint64_t first_shard = 0;
    std::uint64_t begin = 0;  // its positions of a block before they are mixed: [begin, end)
    std::uint64_t end = 0;
  };
  std::uint64_t seed_;
  std::vector<Part> parts_;
};

}  // namespace temper::data
