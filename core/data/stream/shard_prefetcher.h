#pragma once

#include <cstdint>
#include <memory>

#include "core/data/dataset.h"
#include "core/data/position_order.h"

namespace temper::data {

/// Background threads that fetch the shards of the window that is being read and of those after it,
/// as far as a number of bytes. What fails is left to the reader, who tries again and reports.
/// Thread-safe.
class ShardPrefetcher {
 public:
  struct Options {
    std::uint64_t first_position = 0;
    std::uint64_t end_position = 0;  ///< the stream ends here
    /// Shards beyond the window that is being read are fetched while they come to fewer bytes.
    std::uint64_t max_bytes_ahead = std::uint64_t{1} << 30;
    int num_threads = 4;
    /// Ranks of a machine begin a window at different shards, so that they share the fetching.
    int rank = 0;
    int num_ranks = 1;
  };
  /// References must outlive it.
  ShardPrefetcher(const Dataset& dataset, const PositionOrder& order, const Options& options);
  ~ShardPrefetcher();  ///< waits for the fetches in progress
  ShardPrefetcher(const ShardPrefetcher&) = delete;
  ShardPrefetcher& operator=(const ShardPrefetcher&) = delete;

  /// The reader has come to this position.
  void advance(std::uint64_t position);

 private:
  class Workers;
  std::unique_ptr<Workers> workers_;
};

}  // namespace temper::data
