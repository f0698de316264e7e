#include "core/data/mixed_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "tests/support/seed.h"

namespace temper::data {
namespace {

using ::testing::ElementsAre;

TEST(MixedOrderTest, SharesFollowTheWeightsAndSumToABlock) {
  EXPECT_THAT(MixedOrder({{{5}, 3}, {{5}, 1}}, 1).shares(), ElementsAre(7500, 2500));
  EXPECT_THAT(MixedOrder({{{5}, 1}, {{5}, 1}, {{5}, 1}}, 1).shares(),
              ElementsAre(3334, 3333, 3333));
  EXPECT_THAT(MixedOrder({{{5}, 1e6}, {{5}, 0.001}}, 1).shares(), ElementsAre(9999, 1));
}

TEST(MixedOrderTest, EverySourceIsReadWithoutGapOrRepetition) {
  std::mt19937_64 random(testing::test_seed());
  for (int repeat = 0; repeat < 10; ++repeat) {
    std::vector<MixedOrder::Source> sources;
    std::vector<std::uint64_t> source_of_shard;
    std::vector<std::uint64_t> source_sizes;
    for (std::uint64_t s = 0; s < 1 + random() % 4; ++s) {
      MixedOrder::Source source;
      source.weight = static_cast<double>(1 + random() % 50) / 10;
      source_sizes.push_back(0);
      for (std::uint64_t shard = 0; shard < 1 + random() % 20; ++shard) {
        source.shard_sizes.push_back(random() % 300 + (shard == 0 ? 1 : 0));
        source_sizes.back() += source.shard_sizes.back();
        source_of_shard.push_back(s);
      }
      sources.push_back(source);
    }
    const MixedOrder order(sources, random());
    const auto shares = order.shares();
    // After two blocks each source has given twice its share: whole epochs and one begun.
    std::vector<std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t>> times(
        sources.size());
    for (std::uint64_t position = 0; position < 2 * MixedOrder::kBlock; ++position) {
      const auto sample = order.at(position);
      ++times[source_of_shard[sample.shard]][{sample.shard, sample.index}];
    }
    for (std::size_t s = 0; s < sources.size(); ++s) {
      const std::uint64_t epochs = 2 * shares[s] / source_sizes[s];
      std::uint64_t total = 0;
      for (const auto& [sample, count] : times[s]) {
        EXPECT_TRUE(count == epochs || count == epochs + 1) << count << " in " << epochs;
        total += count;
      }
      EXPECT_EQ(total, 2 * shares[s]);
    }
  }
}

TEST(MixedOrderTest, AWindowNamesEveryShardThatItsPositionsRead) {
  const MixedOrder order({{std::vector<std::uint64_t>(40, 200), 2}, {{30, 0, 5}, 1}}, 5);
  std::uint64_t position = 0;
  while (position < 3 * MixedOrder::kBlock) {
    const auto window = order.window_at(position);
    ASSERT_GT(window.end_position, position);
    const std::set<std::uint64_t> shards(window.shards.begin(), window.shards.end());
    for (; position < window.end_position; ++position) {
      ASSERT_TRUE(shards.contains(order.at(position).shard)) << position;
    }
  }
}

TEST(MixedOrderTest, OrderIsPinned) {
  const MixedOrder order({{{5, 3}, 1}, {{4}, 1}}, 42);
  std::string text;
  for (std::uint64_t position = 0; position < 12; ++position) {
    const auto sample = order.at(position);
    text += std::to_string(sample.shard) + "." + std::to_string(sample.index) + " ";
  }
  EXPECT_EQ(text, "2.2 2.2 0.2 2.1 0.3 0.4 2.1 1.0 0.4 1.0 1.2 0.4 ");
}

}  // namespace
}  // namespace temper::data
