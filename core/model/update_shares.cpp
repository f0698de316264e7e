#include "core/model/update_shares.h"

#include <algorithm>
#include <numeric>

#include "core/base/check.h"

namespace temper::model {
namespace {

/// The runs of at most `capacity` that are each as long as possible; may be more than there are
/// ranks.
std::vector<std::size_t> fill_runs(std::span<const std::int64_t> sizes, std::int64_t capacity) {
  std::vector<std::size_t> begins = {0};
  std::int64_t filled = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (filled + sizes[i] > capacity) {
      begins.push_back(i);
      filled = 0;
    }
    filled += sizes[i];
  }
  return begins;
}

}  // namespace

std::vector<std::size_t> split_into_runs(std::span<const std::int64_t> sizes, int num_ranks) {
  CHECK(num_ranks >= 1, "{} ranks", num_ranks);
  const auto ranks = static_cast<std::size_t>(num_ranks);
  // The smallest capacity with which runs suffice, found by halving.
  std::int64_t low = sizes.empty() ? 0 : *std::max_element(sizes.begin(), sizes.end());
  std::int64_t high = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (fill_runs(sizes, middle).size() <= ranks) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  std::vector<std::size_t> begins = fill_runs(sizes, high);
  begins.resize(ranks + 1, sizes.size());
  return begins;
}

}  // namespace temper::model
