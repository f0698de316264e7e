#include "core/data/permutation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "tests/support/seed.h"

namespace temper::data {
namespace {

/// Whether the permutation reaches every value exactly once.
bool is_bijective(std::uint64_t n, std::uint64_t key) {
  const Permutation permutation(n, key);
  std::vector<bool> reached(n, false);
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::uint64_t value = permutation(i);
    if (value >= n || reached[value]) {
      return false;
    }
    reached[value] = true;
  }
  return true;
}

std::vector<std::uint64_t> values_of(std::uint64_t n, std::uint64_t key) {
  const Permutation permutation(n, key);
  std::vector<std::uint64_t> values(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    values[i] = permutation(i);
  }
  return values;
}

/// Correlation of neighbours: 0 ± 1/sqrt(n) for a random order.
double lag_one_correlation(const std::vector<std::uint64_t>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = (n - 1) / 2;
  double covariance = 0;
  double variance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double here = static_cast<double>(values[i]) - mean;
    variance += here * here;
    if (i + 1 < values.size()) {
      covariance += here * (static_cast<double>(values[i + 1]) - mean);
    }
  }
  return covariance / variance;
}

/// Chi² per degree of freedom of (value, next value) over a 64 × 64 grid: about 1 for a random
/// order.
double pair_chi_squared(const std::vector<std::uint64_t>& values) {
  constexpr std::uint64_t kGrid = 64;
  std::vector<double> counts(kGrid * kGrid, 0.0);
  const std::uint64_t n = values.size();
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    ++counts[values[i] * kGrid / n * kGrid + values[i + 1] * kGrid / n];
  }
  const double expected = static_cast<double>(n - 1) / (kGrid * kGrid);
  double sum = 0;
  for (const double count : counts) {
    sum += (count - expected) * (count - expected) / expected;
  }
  return sum / (kGrid * kGrid - 1);
}

TEST(PermutationTest, IsBijectiveForEveryNUpToFiveThousand) {
  const std::uint64_t key = testing::test_seed();
  for (std::uint64_t n = 1; n <= 5000; ++n) {
    ASSERT_TRUE(is_bijective(n, key + n)) << "n " << n << " key " << key + n;
  }
}

TEST(PermutationTest, IsBijectiveAroundPowersOfTwo) {
  const std::uint64_t key = testing::test_seed();
  for (int bits = 13; bits <= 20; ++bits) {
    const std::uint64_t power = std::uint64_t{1} << bits;
    for (const std::uint64_t n : {power - 1, power, power + 1}) {
      ASSERT_TRUE(is_bijective(n, key)) << "n " << n << " key " << key;
    }
  }
}

TEST(PermutationTest, StaysInsideWithoutCollisionsForHugeN) {
  const std::uint64_t key = testing::test_seed();
  std::mt19937_64 random(key);
  for (int bits = 21; bits <= 64; ++bits) {
    const std::uint64_t power = bits == 64 ? 0 : std::uint64_t{1} << bits;
    for (const std::uint64_t n : {power - 1, power, power + 1}) {
      if (n < 2) {
        continue;  // 2^64 and 2^64 + 1
      }
      const Permutation permutation(n, key);
      std::vector<std::uint64_t> inputs = {0, n - 1};
      for (int i = 0; i < 1000; ++i) {
        inputs.push_back(random() % n);
      }
      std::sort(inputs.begin(), inputs.end());
      inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
      std::vector<std::uint64_t> outputs;
      for (const std::uint64_t input : inputs) {
        outputs.push_back(permutation(input));
        ASSERT_LT(outputs.back(), n) << "key " << key;
      }
      std::sort(outputs.begin(), outputs.end());
      ASSERT_EQ(std::adjacent_find(outputs.begin(), outputs.end()), outputs.end())
          << "n " << n << " key " << key;
    }
  }
}

// The bound of four deviations is passed by chance once in 16,000 orders: the keys are fixed.
TEST(PermutationTest, NeighboursAreUncorrelated) {
  const std::uint64_t key = 2026;
  for (const std::uint64_t n : {1000U, 4096U, 4097U, 65'537U, 100'000U, 262'145U, 1'000'000U}) {
    for (std::uint64_t round = 0; round < 4; ++round) {
      const double lag_one = lag_one_correlation(values_of(n, key + round));
      EXPECT_LT(std::abs(lag_one), 4 / std::sqrt(static_cast<double>(n)))
          << "n " << n << " key " << key + round;
    }
  }
}

TEST(PermutationTest, PairsAreSpreadLikeThoseOfStdShuffle) {
  const std::uint64_t key = testing::test_seed();
  // 4,095 degrees of freedom: one standard deviation is sqrt(2 / 4095) = 0.022.
  constexpr double kFiveDeviations = 0.11;
  for (const std::uint64_t n : {65'537U, 262'145U, 1'000'000U, 1'048'577U}) {
    std::vector<std::uint64_t> shuffled(n);
    std::iota(shuffled.begin(), shuffled.end(), 0U);
    std::mt19937_64 random(key);
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    EXPECT_NEAR(pair_chi_squared(shuffled), 1, kFiveDeviations) << "std::shuffle, n " << n;
    EXPECT_NEAR(pair_chi_squared(values_of(n, key)), 1, kFiveDeviations) << "n " << n;
  }
}

// In small domains a Feistel network of too few rounds can't reach most orders. Over many keys
// every ordered pair of values must stand at positions 0 and 1 equally often.
TEST(PermutationTest, SmallOrdersAreUniformOverKeys) {
  const std::uint64_t seed = testing::test_seed();
  for (const std::uint64_t n : {3U, 5U, 8U, 13U, 16U, 20U}) {
    std::vector<double> counts(n * n, 0.0);
    const std::uint64_t num_keys = 2000 * n;
    for (std::uint64_t key = 0; key < num_keys; ++key) {
      const Permutation permutation(n, seed + key);
      ++counts[permutation(0) * n + permutation(1)];
    }
    const double degrees = static_cast<double>(n * (n - 1));
    const double expected = static_cast<double>(num_keys) / degrees;
    double chi_squared = 0;
    for (std::uint64_t pair = 0; pair < n * n; ++pair) {
      if (pair / n != pair % n) {
        chi_squared += (counts[pair] - expected) * (counts[pair] - expected) / expected;
      }
    }
    EXPECT_LT(chi_squared / (degrees - 1), 1 + 10 * std::sqrt(2 / (degrees - 1)))
        << "n " << n << " seed " << seed;
  }
}

TEST(PermutationTest, KeysGiveDifferentOrders) {
  EXPECT_NE(values_of(100, 1), values_of(100, 2));
  EXPECT_EQ(values_of(100, 1), values_of(100, 1));
}

// The order is part of the result of a training: it must never change between versions.
TEST(PermutationTest, OrderIsPinned) {
  EXPECT_EQ(values_of(10, 42), (std::vector<std::uint64_t>{0, 9, 6, 1, 8, 5, 4, 3, 2, 7}));
}

TEST(PermutationTest, ARangeIsWhatItsIndexesGive) {
  std::mt19937_64 random(testing::test_seed());
  for (int repeat = 0; repeat < 3000; ++repeat) {
    const int bits = 1 + static_cast<int>(random() % 40);
    const std::uint64_t n = 1 + random() % (std::uint64_t{1} << bits);
    const Permutation permutation(n, random());
    const std::uint64_t begin = random() % n;
    std::vector<std::uint64_t> values(std::min<std::uint64_t>(n - begin, random() % 40));
    permutation.range(begin, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(values[i], permutation(begin + i)) << "n " << n << ", " << begin << " + " << i;
    }
  }
}

}  // namespace
}  // namespace temper::data
