#include "trainer/train/ordered_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include "core/data/slots.h"
#include "tests/support/seed.h"
#include "tests/support/spawn_ranks.h"

namespace temper::train {
namespace {

constexpr std::size_t kSize = 75;  // not whole cache lines

/// A slot's gradient: numbers of very different size, so that another order gives other bits.
std::vector<float> gradient_of(std::int64_t slot) {
  std::mt19937 generator(static_cast<unsigned>(slot) + 1);
  std::uniform_real_distribution<float> exponent(-12, 12);
  std::vector<float> values(kSize);
  for (float& value : values) {
    value = std::ldexp(exponent(generator), static_cast<int>(exponent(generator)));
  }
  return values;
}

std::vector<float> plain_sum(TreeNode node) {
  if (node.is_leaf()) {
    return gradient_of(node.begin);
  }
  const Children children = children_of(node);
  std::vector<float> left = plain_sum(children.left);
  const std::vector<float> right = plain_sum(children.right);
  for (std::size_t i = 0; i < left.size(); ++i) {
    left[i] += right[i];
  }
  return left;
}

void add_slots(OrderedSum& sum, std::vector<std::int64_t> slots) {
  for (const std::int64_t slot : slots) {
    model::FloatBuffer buffer = sum.take_buffer();
    const std::vector<float> values = gradient_of(slot);
    std::copy(values.begin(), values.end(), buffer.data());
    sum.add(slot, std::move(buffer));
  }
}

/// The whole sum: each rank finishes an even part of it, the others' are gathered.
std::vector<float> finish(OrderedSum& sum, comm::Communicator& communicator,
                          const std::vector<OrderedSum::SlotRange>& ranges) {
  const auto num_ranks = static_cast<std::size_t>(communicator.size());
  std::vector<std::size_t> offsets;
  std::vector<std::size_t> byte_offsets;
  for (std::size_t r = 0; r <= num_ranks; ++r) {
    offsets.push_back(kSize * r / num_ranks);
    byte_offsets.push_back(offsets.back() * sizeof(float));
  }
  std::vector<float> result(kSize);
  const auto rank = static_cast<std::size_t>(communicator.rank());
  const std::span<const float> part = sum.finish(communicator, ranges, offsets);
  EXPECT_EQ(part.size(), offsets[rank + 1] - offsets[rank]);
  std::copy(part.begin(), part.end(), result.data() + offsets[rank]);
  communicator.all_gather_into(std::as_writable_bytes(std::span(result)), byte_offsets);
  return result;
}

TEST(OrderedSumTest, SameBitsForAnyRanksSplitAndOrderOfFinishing) {
  for (const std::int64_t slots : {1, 2, 3, 5, 8, 13, 16}) {
    const std::vector<float> expected = plain_sum({0, slots});
    for (const int ranks : {1, 2, 3, 4, 6}) {
      std::vector<std::int64_t> tokens;
      for (std::int64_t slot = 0; slot < slots; ++slot) {
        tokens.push_back(1 + (slot * 7) % 5);
      }
      const auto ranges = data::split_slots(tokens, ranks);
      testing::spawn_ranks(ranks, [&](comm::Communicator& communicator) {
        const auto range = ranges[static_cast<std::size_t>(communicator.rank())];
        OrderedSum sum(kSize);
        for (unsigned round = 0; round < 3; ++round) {  // buffers are reused from step to step
          std::vector<std::int64_t> order;
          for (std::int64_t slot = range.first; slot < range.second; ++slot) {
            order.push_back(slot);
          }
          std::shuffle(order.begin(), order.end(), std::mt19937(round));
          sum.begin(slots, range);
          add_slots(sum, order);
          const std::vector<float> result = finish(sum, communicator, ranges);
          EXPECT_EQ(std::memcmp(result.data(), expected.data(), kSize * sizeof(float)), 0)
              << slots << " slots on " << ranks << " ranks";
        }
      });
    }
  }
}

/// Any cut of the slots into one range a rank; ranges may be empty.
std::vector<OrderedSum::SlotRange> random_ranges(std::int64_t slots, int ranks,
                                                 std::mt19937_64& random) {
  std::vector<std::int64_t> cuts = {0, slots};
  for (int r = 1; r < ranks; ++r) {
    cuts.push_back(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(slots + 1)));
  }
  std::sort(cuts.begin(), cuts.end());
  std::vector<OrderedSum::SlotRange> ranges;
  for (std::size_t r = 0; r + 1 < cuts.size(); ++r) {
    ranges.emplace_back(cuts[r], cuts[r + 1]);
  }
  return ranges;
}

/// ceil(log2(slots)).
std::size_t levels_of(std::int64_t slots) {
  return static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(slots - 1)));
}

// With slots that end in order a rank keeps one buffer for each subtree that is finished and waits
// for its sibling: at most one a level on either side of its range, whatever their number is.
TEST(OrderedSumTest, AnySplitHasThePlainSumsBitsInFewBuffers) {
  std::mt19937_64 random(testing::test_seed());
  for (int round = 0; round < 60; ++round) {
    const auto slots = static_cast<std::int64_t>(1 + random() % 200);
    const int ranks = static_cast<int>(1 + random() % 5);
    const auto ranges = random_ranges(slots, ranks, random);
    const std::vector<float> expected = plain_sum({0, slots});
    testing::spawn_ranks(ranks, [&](comm::Communicator& communicator) {
      const auto range = ranges[static_cast<std::size_t>(communicator.rank())];
      OrderedSum sum(kSize);
      sum.begin(slots, range);
      for (std::int64_t slot = range.first; slot < range.second; ++slot) {
        add_slots(sum, {slot});
      }
      const std::vector<float> result = finish(sum, communicator, ranges);
      EXPECT_EQ(std::memcmp(result.data(), expected.data(), kSize * sizeof(float)), 0)
          << slots << " slots on " << ranks << " ranks, round " << round;
      EXPECT_LE(sum.num_buffers(), 2 * levels_of(slots) + 1) << slots << " slots, " << ranks;
      if (range == OrderedSum::SlotRange{0, slots}) {
        EXPECT_LE(sum.num_buffers(), levels_of(slots) + 1) << slots << " slots";
      }
    });
  }
}

// Slot workers finish their slots in any order within a window (slot_engine.cpp): each that is
// ahead waits in a buffer more.
TEST(OrderedSumTest, SlotsOutOfOrderTakeAsManyBuffersMoreAsTheyAreAhead) {
  std::mt19937_64 random(testing::test_seed());
  constexpr std::int64_t kSlots = 128;
  constexpr std::int64_t kWindow = 4;
  testing::spawn_ranks(1, [&](comm::Communicator&) {
    OrderedSum sum(kSize);
    sum.begin(kSlots, {0, kSlots});
    for (std::int64_t begin = 0; begin < kSlots; begin += kWindow) {
      std::vector<std::int64_t> window;
      for (std::int64_t slot = begin; slot < begin + kWindow; ++slot) {
        window.push_back(slot);
      }
      std::shuffle(window.begin(), window.end(), random);
      add_slots(sum, window);
    }
    EXPECT_LE(sum.num_buffers(), levels_of(kSlots) + 1 + static_cast<std::size_t>(kWindow));
  });
}

TEST(OrderedSumTest, SlotsMayFinishOnSeveralThreads) {
  const std::vector<float> expected = plain_sum({0, 32});
  testing::spawn_ranks(1, [&](comm::Communicator& communicator) {
    OrderedSum sum(kSize);
    sum.begin(32, {0, 32});
    {
      std::vector<std::jthread> threads;
      for (std::int64_t thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&sum, thread] {
          for (std::int64_t slot = thread; slot < 32; slot += 4) {
            add_slots(sum, {slot});
          }
        });
      }
    }
    const std::vector<float> result = finish(sum, communicator, {{0, 32}});
    EXPECT_EQ(std::memcmp(result.data(), expected.data(), kSize * sizeof(float)), 0);
  });
}

}  // namespace
}  // namespace temper::train
