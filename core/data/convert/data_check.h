#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/data/dataset.h"

namespace temper::data {

/// What reading every record of a data set came to.
struct DataReport {
  std::uint64_t num_records = 0;
  std::uint64_t num_bytes = 0;  ///< of the records as JSON
  /// Records by their keys, e.g. "messages" or "completion, prompt".
  std::map<std::string, std::uint64_t> by_keys;
  std::uint64_t num_problems = 0;
  std::vector<std::string> problems;  ///< the first `max_listed`
};

/// Reads every record. Those that are damaged or no JSON object are problems, and so is a shard
/// that can't be brought.
DataReport check_data(const Dataset& dataset, std::size_t max_listed);

}  // namespace temper::data
