#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace temper::run {

/// One collective of one size, as all ranks together found it.
struct CollectiveTiming {
  std::string operation;    ///< "all_to_all", "all_gather", "broadcast"
  std::uint64_t bytes = 0;  ///< "size" of nccl-tests: what a rank has in the end, its own included
  std::uint64_t calls = 0;  ///< that were timed
  double seconds = 0;       ///< of one call, on the slowest rank
  std::uint64_t wrong_bytes = 0;  ///< of all ranks
  bool operator==(const CollectiveTiming&) const = default;
};

/// bytes / seconds.
double algorithm_bandwidth(const CollectiveTiming& timing);
/// What a link must carry, whatever the number of ranks (nccl-tests, PERFORMANCE.md): that of the
/// algorithm for broadcast, (ranks - 1) / ranks of it for the others.
double bus_bandwidth(const CollectiveTiming& timing, std::uint64_t ranks);

/// What a test of the ranks' communication found: collectives.json of its run directory, written by
/// rank 0's trainer and read by `temper doctor`.
struct CollectiveReport {
  std::string communicator;        ///< Communicator::name()
  std::vector<std::string> hosts;  ///< by rank
  std::vector<CollectiveTiming> timings;
  bool operator==(const CollectiveReport&) const = default;
};

std::string to_json(const CollectiveReport& report);
CollectiveReport parse_collective_report(std::string_view json,
                                         const std::string& origin);  // UserError

}  // namespace temper::run
