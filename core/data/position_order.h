#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace temper::data {

class Dataset;

/// Maps position g of the endless training stream to a sample, so that the data's whole state is
/// one integer. Depends on neither ranks nor on what was read before. Thread-safe.
class PositionOrder {
 public:
  struct Sample {
    std::uint64_t epoch = 0;  ///< of the sample's source
    std::uint64_t shard = 0;
    std::uint64_t index = 0;  ///< within the shard
    bool operator==(const Sample&) const = default;
  };
  /// Which shards the positions from one to `end_position` (exclusive) read, in no order.
  struct Window {
    std::vector<std::uint64_t> shards;
    std::uint64_t end_position = 0;
  };

  virtual ~PositionOrder() = default;
  virtual Sample at(std::uint64_t position) const = 0;
  /// The samples of positions [begin, end).
  virtual std::vector<Sample> between(std::uint64_t begin, std::uint64_t end) const = 0;
  /// The window of `position`; ends after it.
  virtual Window window_at(std::uint64_t position) const = 0;
};

/// The order of a data set: a SampleOrder over all its shards, or a MixedOrder if its sources have
/// weights.
std::unique_ptr<PositionOrder> make_order(const Dataset& dataset, std::uint64_t seed);

}  // namespace temper::data
