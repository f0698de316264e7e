#include "trainer/checkpoint/share_split.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>

#include "core/base/check.h"

namespace temper::checkpoint {

// Longest processing time first (Graham, "Bounds on multiprocessing timing anomalies", 1969): the
// largest tensor left goes to the rank with the least. No rank gets more than 4/3 of the best
// split. The tensors of one holder come first: they are not for choosing.
std::vector<std::vector<std::size_t>> split_by_bytes(std::span<const NamedTensor> tensors,
                                                     int num_ranks) {
  CHECK(num_ranks >= 1, "{} ranks", num_ranks);
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    const NamedTensor& a = tensors[left];
    const NamedTensor& b = tensors[right];
    if ((a.holder == kEveryRank) != (b.holder == kEveryRank)) {
      return a.holder != kEveryRank;
    }
    return a.size_bytes() != b.size_bytes() ? a.size_bytes() > b.size_bytes() : a.name < b.name;
  });

  std::vector<std::vector<std::size_t>> shares(static_cast<std::size_t>(num_ranks));
  std::vector<std::uint64_t> loads(shares.size(), 0);
  for (const std::size_t index : order) {
    const int holder = tensors[index].holder;
    CHECK(holder < num_ranks, "holder {} of {} ranks", holder, num_ranks);
    const auto writer = holder == kEveryRank
                            ? std::min_element(loads.begin(), loads.end()) - loads.begin()
                            : static_cast<std::ptrdiff_t>(holder);
    shares[static_cast<std::size_t>(writer)].push_back(index);
    loads[static_cast<std::size_t>(writer)] += tensors[index].size_bytes();
  }
  for (std::vector<std::size_t>& share : shares) {
    std::sort(share.begin(), share.end());
  }
  return shares;
}

}  // namespace temper::checkpoint
