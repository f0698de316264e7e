#include "core/data/slots.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>

#include "core/base/check.h"

namespace temper::data {

std::vector<std::vector<std::uint32_t>> deal_to_slots(std::span<const std::int64_t> lengths,
                                                      std::int64_t num_slots) {
  CHECK(num_slots > 0, "{} slots", num_slots);
  std::vector<std::uint32_t> longest_first(lengths.size());
  std::iota(longest_first.begin(), longest_first.end(), 0U);
  std::stable_sort(longest_first.begin(), longest_first.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return lengths[a] > lengths[b]; });

  using Load = std::pair<std::int64_t, std::int64_t>;  // tokens, slot: the least is dealt to next
  std::priority_queue<Load, std::vector<Load>, std::greater<>> loads;
  for (std::int64_t slot = 0; slot < num_slots; ++slot) {
    loads.emplace(0, slot);
  }
  std::vector<std::vector<std::uint32_t>> slots(static_cast<std::size_t>(num_slots));
  for (const std::uint32_t sample : longest_first) {
    const auto [tokens, slot] = loads.top();
    loads.pop();
    slots[static_cast<std::size_t>(slot)].push_back(sample);
    loads.emplace(tokens + lengths[sample], slot);
  }
  for (auto& samples : slots) {
    std::sort(samples.begin(), samples.end());
  }
  return slots;
}

std::vector<std::pair<std::int64_t, std::int64_t>> split_slots(
    std::span<const std::int64_t> slot_tokens, std::int64_t num_ranks) {
  CHECK(num_ranks > 0, "{} ranks", num_ranks);
  const auto num_slots = static_cast<std::int64_t>(slot_tokens.size());
  const std::int64_t total =
      std::accumulate(slot_tokens.begin(), slot_tokens.end(), std::int64_t{0});
  const std::int64_t fewest = num_slots >= num_ranks ? 1 : 0;
  const std::int64_t most = num_slots >= num_ranks ? num_slots : 1;

  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  std::int64_t begin = 0;
  std::int64_t tokens_before_end = 0;  // of slots [0, end)
  for (std::int64_t rank = 0; rank < num_ranks; ++rank) {
    const std::int64_t ranks_after = num_ranks - rank - 1;
    const std::int64_t least_end = std::max(begin + fewest, num_slots - ranks_after * most);
    const std::int64_t last_end = std::min(begin + most, num_slots - ranks_after * fewest);
    const std::int64_t target =
        total / num_ranks * (rank + 1) + total % num_ranks * (rank + 1) / num_ranks;
    std::int64_t end = begin;
    // A slot is taken if that brings the border nearer to the rank's fair share.
    while (end < last_end) {
      const std::int64_t with_slot = tokens_before_end + slot_tokens[static_cast<std::size_t>(end)];
      if (end >= least_end && with_slot - target > target - tokens_before_end) {
        break;
      }
      tokens_before_end = with_slot;
      ++end;
    }
    ranges.emplace_back(begin, end);
    begin = end;
  }
  CHECK(begin == num_slots, "ranges end at slot {} of {}", begin, num_slots);
  return ranges;
}

}  // namespace temper::data
