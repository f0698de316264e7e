#include "core/base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace temper {
namespace {

using Words = std::array<std::uint32_t, 4>;

// Random123 1.14, tests/kat_vectors, the lines "philox4x32 10".
TEST(PhiloxTest, GivesTheKnownAnswers) {
  constexpr std::uint32_t kOnes = 0xFFFFFFFF;
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  EXPECT_EQ(philox4x32_10({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Words{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(
      philox4x32_10({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}),
      (Words{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

TEST(PhiloxTest, BlockIsTheBijectionUnderTheMixedKey) {
  const Philox random{.seed = 42, .purpose = RandomPurpose::kInitAdapter};
  const std::uint64_t key = mix_keys({42, static_cast<std::uint64_t>(RandomPurpose::kInitAdapter)});
  EXPECT_EQ(
      random.block(0x1122334455667788, 0x99AABBCCDDEEFF00),
      philox4x32_10({0xDDEEFF00, 0x99AABBCC, 0x55667788, 0x11223344},
                    {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)}));
}

TEST(PhiloxTest, NoTwoStreamsMeet) {
  std::set<Words> seen;
  int num_drawn = 0;
  for (const std::uint64_t seed : {1ULL, 2ULL}) {
    for (const auto purpose : {RandomPurpose::kDropout, RandomPurpose::kSampleOrder}) {
      for (std::uint64_t stream = 0; stream < 20; ++stream) {
        for (std::uint64_t index = 0; index < 20; ++index) {
          seen.insert(Philox{seed, purpose}.block(stream, index));
          ++num_drawn;
        }
      }
    }
  }
  EXPECT_EQ(seen.size(), num_drawn);
}

TEST(Uniform01Test, IsBelowOneAndReachesZero) {
  EXPECT_EQ(uniform01(0), 0.0F);
  EXPECT_EQ(uniform01(0x80000000), 0.5F);
  EXPECT_LT(uniform01(0xFFFFFFFF), 1.0F);
}

TEST(Uniform01Test, IsSpreadEvenly) {
  const Philox random{.seed = 7, .purpose = RandomPurpose::kDropout};
  std::array<int, 10> histogram{};
  for (std::uint64_t index = 0; index < 25'000; ++index) {
    for (const std::uint32_t word : random.block(0, index)) {
      ++histogram[static_cast<std::size_t>(uniform01(word) * 10)];
    }
  }
  for (const int count : histogram) {
    EXPECT_NEAR(count, 10'000, 500);  // five standard deviations
  }
}

// One key is one step of SplitMix64, whose first output for seed 0 is published.
TEST(MixKeysTest, IsSplitMixForOneKey) {
  EXPECT_EQ(mix_keys({0}), 0xE220A8397B1DCDAF);
}

TEST(MixKeysTest, DependsOnOrderAndNumber) {
  const std::set<std::uint64_t> keys = {mix_keys({}),     mix_keys({0}),    mix_keys({0, 0}),
                                        mix_keys({1, 2}), mix_keys({2, 1}), mix_keys({1, 2, 0})};
  EXPECT_EQ(keys.size(), 6U);
}

}  // namespace
}  // namespace temper
