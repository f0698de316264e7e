#include "core/model/update_shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "tests/support/seed.h"

namespace temper::model {
namespace {

using ::testing::ElementsAre;
using Sizes = std::vector<std::int64_t>;

std::int64_t largest_run(const Sizes& sizes, const std::vector<std::size_t>& begins) {
  std::int64_t largest = 0;
  for (std::size_t r = 0; r + 1 < begins.size(); ++r) {
    largest = std::max(largest,
                       std::accumulate(sizes.begin() + static_cast<std::ptrdiff_t>(begins[r]),
                                       sizes.begin() + static_cast<std::ptrdiff_t>(begins[r + 1]),
                                       std::int64_t{0}));
  }
  return largest;
}

/// The best that any way to cut does, tried one by one.
std::int64_t best(const Sizes& sizes, std::size_t begin, int num_ranks) {
  if (num_ranks == 1) {
    return std::accumulate(sizes.begin() + static_cast<std::ptrdiff_t>(begin), sizes.end(),
                           std::int64_t{0});
  }
  std::int64_t lowest = best(sizes, sizes.size(), num_ranks - 1) +
                        std::accumulate(sizes.begin() + static_cast<std::ptrdiff_t>(begin),
                                        sizes.end(), std::int64_t{0});
  std::int64_t run = 0;
  for (std::size_t end = begin; end < sizes.size(); ++end) {
    lowest = std::min(lowest, std::max(run, best(sizes, end, num_ranks - 1)));
    run += sizes[end];
  }
  return lowest;
}

TEST(UpdateSharesTest, CutsWhereTheLargestRunIsSmallest) {
  EXPECT_THAT(split_into_runs(Sizes{1, 2, 3, 4, 5}, 1), ElementsAre(0, 5));
  EXPECT_THAT(split_into_runs(Sizes{1, 2, 3, 4, 5}, 2), ElementsAre(0, 3, 5));
  EXPECT_THAT(split_into_runs(Sizes{9, 1, 1, 1}, 2), ElementsAre(0, 1, 4));
}

TEST(UpdateSharesTest, RanksWithoutATensorComeLast) {
  EXPECT_THAT(split_into_runs(Sizes{5, 5}, 4), ElementsAre(0, 1, 2, 2, 2));
  EXPECT_THAT(split_into_runs(Sizes{}, 2), ElementsAre(0, 0, 0));
}

TEST(UpdateSharesTest, NoOtherCutIsBetter) {
  std::mt19937_64 random(testing::test_seed());
  for (int round = 0; round < 300; ++round) {
    Sizes sizes(random() % 9);
    for (std::int64_t& size : sizes) {
      size = static_cast<std::int64_t>(1 + random() % 20);
    }
    const int num_ranks = static_cast<int>(1 + random() % 4);
    const std::vector<std::size_t> begins = split_into_runs(sizes, num_ranks);
    ASSERT_EQ(begins.size(), static_cast<std::size_t>(num_ranks) + 1);
    EXPECT_EQ(begins.front(), 0U);
    EXPECT_EQ(begins.back(), sizes.size());
    EXPECT_TRUE(std::is_sorted(begins.begin(), begins.end()));
    EXPECT_EQ(largest_run(sizes, begins), best(sizes, 0, num_ranks)) << "round " << round;
  }
}

}  // namespace
}  // namespace temper::model
