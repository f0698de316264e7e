#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/data/record_encoder.h"
#include "core/recipe/recipe.h"

namespace temper::data {

/// What a data set comes to under a recipe, for `temper plan`. Counts are of the samples that were
/// looked at; scaled() makes them estimates for the whole.
struct TokenStatistics {
  /// A sample with more than max_length tokens.
  struct Overlong {
    std::string origin;
    std::int64_t length = 0;
    bool operator==(const Overlong&) const = default;
  };

  std::uint64_t num_records = 0;  ///< of the data set
  std::uint64_t num_counted = 0;  ///< that were looked at
  std::int64_t tokens = 0;        ///< left after the overlength policy
  std::int64_t trained_tokens = 0;
  std::int64_t dropped_tokens = 0;
  std::int64_t truncated_tokens = 0;
  std::int64_t longest = 0;  ///< tokens of the longest sample, before the policy
  std::uint64_t num_overlong = 0;
  std::vector<Overlong> overlong;     ///< in the order of the data, at most `max_listed`
  std::uint64_t num_problems = 0;     ///< samples that would stop a run for another reason
  std::vector<std::string> problems;  ///< their messages, likewise

  bool estimated() const { return num_counted < num_records; }
  /// A count times num_records / num_counted, rounded.
  std::int64_t scaled(std::int64_t count) const;
  bool operator==(const TokenStatistics&) const = default;
};

struct CountOptions {
  /// Records spread evenly over the data set; 0: all.
  std::uint64_t max_samples = 1000;
  std::size_t max_listed = 20;
  int num_threads = 1;
};

/// Encodes samples and counts. Overlong samples under overlength: error are listed, not thrown. The
/// result does not depend on the number of threads. FatalError if the data is damaged.
TokenStatistics count_tokens(const Dataset& dataset, const RecordEncoder& encoder,
                             const recipe::Data& data, const CountOptions& options);

}  // namespace temper::data
