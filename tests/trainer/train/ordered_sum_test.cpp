#include "trainer/train/ordered_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include "core/data/slots.h"
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
          std::vector<float> result(kSize);
          sum.finish(communicator, ranges, result);
          EXPECT_EQ(std::memcmp(result.data(), expected.data(), kSize * sizeof(float)), 0)
              << slots << " slots on " << ranks << " ranks";
        }
      });
    }
  }
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
    std::vector<float> result(kSize);
    sum.finish(communicator, {{0, 32}}, result);
    EXPECT_EQ(std::memcmp(result.data(), expected.data(), kSize * sizeof(float)), 0);
  });
}

}  // namespace
}  // namespace temper::train
