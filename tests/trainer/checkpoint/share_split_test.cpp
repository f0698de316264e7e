#include "trainer/checkpoint/share_split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/seed.h"

namespace temper::checkpoint {
namespace {

// Tensors with storage of their own.
struct Tensors {
  explicit Tensors(const std::vector<std::size_t>& sizes) : storage(sizes.size()) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      storage[i].resize(sizes[i]);
      named.push_back({.name = "param/" + std::to_string(i),
                       .shape = {static_cast<std::int64_t>(sizes[i])},
                       .bytes = std::as_writable_bytes(std::span(storage[i]))});
    }
  }
  std::vector<std::vector<float>> storage;
  std::vector<NamedTensor> named;
};

std::size_t bytes_of(const std::vector<NamedTensor>& tensors,
                     const std::vector<std::size_t>& share) {
  std::size_t bytes = 0;
  for (const std::size_t index : share) {
    bytes += tensors[index].bytes.size();
  }
  return bytes;
}

TEST(ShareSplitTest, GivesEveryTensorToOneRankAndBalancesBytes) {
  std::mt19937_64 random(temper::testing::test_seed());
  for (int num_ranks = 1; num_ranks <= 5; ++num_ranks) {
    std::vector<std::size_t> sizes(60);
    for (std::size_t& size : sizes) {
      size = 1 + random() % 1000;
    }
    const Tensors tensors(sizes);
    const auto shares = split_by_bytes(tensors.named, num_ranks);
    ASSERT_EQ(shares.size(), static_cast<std::size_t>(num_ranks));
    std::multiset<std::size_t> seen;
    std::size_t least = SIZE_MAX;
    std::size_t most = 0;
    for (const auto& share : shares) {
      EXPECT_TRUE(std::is_sorted(share.begin(), share.end()));
      seen.insert(share.begin(), share.end());
      least = std::min(least, bytes_of(tensors.named, share));
      most = std::max(most, bytes_of(tensors.named, share));
    }
    EXPECT_EQ(seen.size(), sizes.size());
    EXPECT_EQ(std::set<std::size_t>(seen.begin(), seen.end()).size(), sizes.size());
    EXPECT_LE(most - least, 1000 * sizeof(float)) << num_ranks << " ranks";
  }
}

TEST(ShareSplitTest, DoesNotDependOnTheOrderOfTheTensors) {
  const Tensors tensors({5, 5, 9, 1, 5, 12});
  std::vector<NamedTensor> reversed(tensors.named.rbegin(), tensors.named.rend());
  const auto names = [](const std::vector<NamedTensor>& all, const std::vector<std::size_t>& of) {
    std::set<std::string> result;
    for (const std::size_t index : of) {
      result.insert(all[index].name);
    }
    return result;
  };
  const auto forward = split_by_bytes(tensors.named, 3);
  const auto backward = split_by_bytes(reversed, 3);
  for (std::size_t rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(names(tensors.named, forward[rank]), names(reversed, backward[rank]));
  }
}

TEST(ShareSplitTest, LeavesRanksEmptyWhenThereAreTooFewTensors) {
  const Tensors tensors({4, 2});
  const auto shares = split_by_bytes(tensors.named, 4);
  EXPECT_EQ(shares[0], std::vector<std::size_t>{0});
  EXPECT_EQ(shares[1], std::vector<std::size_t>{1});
  EXPECT_TRUE(shares[2].empty());
  EXPECT_TRUE(shares[3].empty());
}

TEST(ShareSplitTest, WhatOneRankHoldsItWrites) {
  Tensors tensors({400, 100, 100, 300, 50});
  tensors.named[0].holder = 2;
  tensors.named[2].holder = 0;
  const auto shares = split_by_bytes(tensors.named, 3);
  EXPECT_EQ(shares[0], (std::vector<std::size_t>{1, 2, 4}));
  EXPECT_EQ(shares[1], (std::vector<std::size_t>{3}));
  EXPECT_EQ(shares[2], (std::vector<std::size_t>{0}));
}

// The others know such a tensor by its shape: all ranks must come to the same split.
TEST(ShareSplitTest, IsTheSameWhereTheBytesAreNot) {
  Tensors tensors({400, 100, 100, 300, 50});
  tensors.named[0].holder = 2;
  const auto with_bytes = split_by_bytes(tensors.named, 3);
  tensors.named[0].bytes = {};
  EXPECT_EQ(split_by_bytes(tensors.named, 3), with_bytes);
}

}  // namespace
}  // namespace temper::checkpoint
