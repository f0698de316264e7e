#include "core/data/slots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "tests/support/seed.h"

namespace temper::data {
namespace {

using Slots = std::vector<std::vector<std::uint32_t>>;
using Ranges = std::vector<std::pair<std::int64_t, std::int64_t>>;

std::int64_t tokens_of(const std::vector<std::uint32_t>& samples,
                       const std::vector<std::int64_t>& lengths) {
  std::int64_t tokens = 0;
  for (const std::uint32_t sample : samples) {
    tokens += lengths[sample];
  }
  return tokens;
}

TEST(DealToSlotsTest, GivesTheLongestFirstToTheEmptiestSlot) {
  const std::vector<std::int64_t> lengths = {3, 9, 5, 4, 5};
  // 9 → slot 0; 5 (2) → slot 1; 5 (4) → slot 2; 4 → slot 1 (tie with 2); 3 → slot 2.
  EXPECT_EQ(deal_to_slots(lengths, 3), (Slots{{1}, {2, 3}, {0, 4}}));
}

TEST(DealToSlotsTest, BreaksTiesByIndexAndSlot) {
  EXPECT_EQ(deal_to_slots(std::vector<std::int64_t>{7, 7, 7, 7, 7}, 2), (Slots{{0, 2, 4}, {1, 3}}));
}

TEST(DealToSlotsTest, LeavesSlotsEmptyWhenSamplesAreFew) {
  EXPECT_EQ(deal_to_slots(std::vector<std::int64_t>{4, 6}, 4), (Slots{{1}, {0}, {}, {}}));
  EXPECT_EQ(deal_to_slots({}, 2), (Slots{{}, {}}));
}

TEST(DealToSlotsTest, DealsEverySampleOnceAndNearlyEvenly) {
  const std::uint64_t seed = testing::test_seed();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    const auto num_slots = static_cast<std::int64_t>(1 + random() % 20);
    std::vector<std::int64_t> lengths(random() % 200);
    for (std::int64_t& length : lengths) {
      length = static_cast<std::int64_t>(random() % 2048);
    }
    const Slots slots = deal_to_slots(lengths, num_slots);
    std::vector<std::uint32_t> dealt;
    std::int64_t fullest = 0;
    for (const auto& samples : slots) {
      EXPECT_TRUE(std::is_sorted(samples.begin(), samples.end()));
      dealt.insert(dealt.end(), samples.begin(), samples.end());
      fullest = std::max(fullest, tokens_of(samples, lengths));
    }
    std::sort(dealt.begin(), dealt.end());
    std::vector<std::uint32_t> all(lengths.size());
    std::iota(all.begin(), all.end(), 0U);
    ASSERT_EQ(dealt, all) << "seed " << seed;
    // List scheduling: the last sample dealt went to a slot that was no fuller than the average.
    const std::int64_t total = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
    const std::int64_t longest =
        lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
    EXPECT_LE(fullest, total / num_slots + longest) << "seed " << seed;
  }
}

TEST(SplitSlotsTest, SplitsEqualSlotsEvenly) {
  const std::vector<std::int64_t> tokens(16, 100);
  EXPECT_EQ(split_slots(tokens, 4), (Ranges{{0, 4}, {4, 8}, {8, 12}, {12, 16}}));
  EXPECT_EQ(split_slots(tokens, 1), (Ranges{{0, 16}}));
}

TEST(SplitSlotsTest, FollowsTheTokensNotTheSlots) {
  EXPECT_EQ(split_slots(std::vector<std::int64_t>{10, 10, 10, 90}, 2), (Ranges{{0, 3}, {3, 4}}));
}

TEST(SplitSlotsTest, GivesSpareRanksNothing) {
  const Ranges ranges = split_slots(std::vector<std::int64_t>{1, 1, 10}, 4);
  for (const auto& [begin, end] : ranges) {
    EXPECT_LE(end - begin, 1);
  }
  EXPECT_EQ(split_slots({}, 2), (Ranges{{0, 0}, {0, 0}}));
}

TEST(SplitSlotsTest, CoversAllSlotsInOrderNearlyEvenly) {
  const std::uint64_t seed = testing::test_seed();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::int64_t> tokens(random() % 40);
    for (std::int64_t& slot : tokens) {
      slot = static_cast<std::int64_t>(random() % 3 == 0 ? 0 : random() % 4096);
    }
    const auto num_ranks = static_cast<std::int64_t>(1 + random() % 12);
    const Ranges ranges = split_slots(tokens, num_ranks);
    ASSERT_EQ(std::ssize(ranges), num_ranks);
    const std::int64_t total = std::accumulate(tokens.begin(), tokens.end(), std::int64_t{0});
    const std::int64_t longest =
        tokens.empty() ? 0 : *std::max_element(tokens.begin(), tokens.end());
    std::int64_t expected_begin = 0;
    for (const auto& [begin, end] : ranges) {
      ASSERT_EQ(begin, expected_begin) << "seed " << seed;
      ASSERT_LE(begin, end) << "seed " << seed;
      if (std::ssize(tokens) >= num_ranks) {
        EXPECT_LT(begin, end) << "an idle rank, seed " << seed;
      }
      const std::int64_t load =
          std::accumulate(tokens.begin() + begin, tokens.begin() + end, std::int64_t{0});
      EXPECT_LE(load, total / num_ranks + longest + 1) << "seed " << seed;
      expected_begin = end;
    }
    ASSERT_EQ(expected_begin, std::ssize(tokens)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace temper::data
