#include "core/data/sample_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/support/seed.h"

namespace temper::data {
namespace {

using Sample = SampleOrder::Sample;

std::vector<std::uint64_t> random_shard_sizes(std::mt19937_64& random) {
  std::vector<std::uint64_t> sizes(1 + random() % 40);
  for (std::uint64_t& size : sizes) {
    size = random() % 5 == 0 ? 0 : random() % 60;
  }
  sizes[random() % sizes.size()] += 1;
  return sizes;
}

std::uint64_t total_of(const std::vector<std::uint64_t>& sizes) {
  std::uint64_t total = 0;
  for (const std::uint64_t size : sizes) {
    total += size;
  }
  return total;
}

TEST(SampleOrderTest, EveryEpochHasEverySampleExactlyOnce) {
  const std::uint64_t seed = testing::test_seed();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    const auto sizes = random_shard_sizes(random);
    const SampleOrder order(sizes, random(), 1 + random() % 20);
    ASSERT_EQ(order.epoch_size(), total_of(sizes));
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
      std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
      for (std::uint64_t i = 0; i < order.epoch_size(); ++i) {
        const Sample sample = order.at(epoch * order.epoch_size() + i);
        ASSERT_EQ(sample.epoch, epoch);
        ASSERT_LT(sample.shard, sizes.size());
        ASSERT_LT(sample.index, sizes[sample.shard]) << "seed " << seed;
        ASSERT_TRUE(seen.emplace(sample.shard, sample.index).second) << "seed " << seed;
      }
    }
  }
}

TEST(SampleOrderTest, EpochsAndSeedsDiffer) {
  const std::vector<std::uint64_t> sizes = {100, 50};
  const SampleOrder order(sizes, 1);
  const SampleOrder other(sizes, 2);
  int same_epoch = 0;
  int same_seed = 0;
  for (std::uint64_t i = 0; i < order.epoch_size(); ++i) {
    const Sample here = order.at(i);
    const Sample later = order.at(i + order.epoch_size());
    same_epoch += here.shard == later.shard && here.index == later.index ? 1 : 0;
    same_seed += here == other.at(i) ? 1 : 0;
  }
  EXPECT_LT(same_epoch, 10);
  EXPECT_LT(same_seed, 10);
}

TEST(SampleOrderTest, AnEpochStaysInsideItsWindowOfShards) {
  const SampleOrder order(std::vector<std::uint64_t>(12, 10), 7, 3);
  for (std::uint64_t window = 0; window < 4; ++window) {
    std::set<std::uint64_t> shards;
    for (std::uint64_t i = 0; i < 30; ++i) {
      shards.insert(order.at(window * 30 + i).shard);
    }
    EXPECT_EQ(shards.size(), 3U) << "window " << window;
  }
}

TEST(SampleOrderTest, PositionsCanBeAskedInAnyOrderByAnyThread) {
  const SampleOrder order({30, 0, 12, 1}, 3, 2);
  std::vector<Sample> expected;
  for (std::uint64_t i = 0; i < 400; ++i) {
    expected.push_back(SampleOrder({30, 0, 12, 1}, 3, 2).at(i));
  }
  std::vector<std::jthread> threads;
  for (std::uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::uint64_t i = 0; i < expected.size(); ++i) {
        const std::uint64_t position = (i * 37 + thread * 101) % expected.size();
        EXPECT_EQ(order.at(position), expected[position]);
      }
    });
  }
}

// The order is part of the result of a training: it must never change between versions.
TEST(SampleOrderTest, ManyAtOnceAreTheSameAndWindowsNameTheirShards) {
  std::mt19937_64 random(testing::test_seed());
  for (int repeat = 0; repeat < 200; ++repeat) {
    std::vector<std::uint64_t> sizes(1 + random() % 12);
    for (std::uint64_t& size : sizes) {
      size = random() % 6;
    }
    sizes[0] += 1;
    const SampleOrder order(sizes, random(), 1 + random() % 4);
    const std::uint64_t begin = random() % (3 * order.epoch_size());
    const std::uint64_t end = begin + random() % (2 * order.epoch_size());
    const auto samples = order.between(begin, end);
    ASSERT_EQ(samples.size(), end - begin);
    SampleOrder::Window window;
    for (std::uint64_t position = begin; position < end; ++position) {
      ASSERT_EQ(samples[position - begin], order.at(position));
      if (position >= window.end_position) {
        window = order.window_at(position);
        ASSERT_GT(window.end_position, position);
      }
      ASSERT_TRUE(std::count(window.shards.begin(), window.shards.end(),
                             samples[position - begin].shard) == 1);
    }
  }
}

TEST(SampleOrderTest, OrderIsPinned) {
  const SampleOrder order({5, 3}, 42, 1);
  std::vector<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>> samples;
  for (std::uint64_t i = 0; i < 10; ++i) {
    const Sample sample = order.at(i);
    samples.emplace_back(sample.epoch, sample.shard, sample.index);
  }
  EXPECT_EQ(samples, (decltype(samples){{0, 1, 1},
                                        {0, 1, 0},
                                        {0, 1, 2},
                                        {0, 0, 3},
                                        {0, 0, 4},
                                        {0, 0, 2},
                                        {0, 0, 0},
                                        {0, 0, 1},
                                        {1, 0, 1},
                                        {1, 0, 3}}));
}

}  // namespace
}  // namespace temper::data
