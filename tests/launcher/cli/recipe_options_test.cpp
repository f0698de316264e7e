#include "launcher/cli/recipe_options.h"

#include <gtest/gtest.h>

namespace temper::launch {
namespace {

constexpr unsigned kCores = 8;

std::int64_t automatic_workers(std::int64_t ranks) {
  RecipeOptions options;
  options.ranks = ranks;
  return settle_cluster(options, {}, kCores).slot_workers;
}

TEST(SettleClusterTest, SharesTheCoresAmongTheRanks) {
  EXPECT_EQ(automatic_workers(1), 8);
  EXPECT_EQ(automatic_workers(3), 2);
  EXPECT_EQ(automatic_workers(9), 1);
}

TEST(SettleClusterTest, StartsOneRankAGpuOrElseOneANode) {
  recipe::Cluster cluster;
  EXPECT_EQ(settle_cluster({}, cluster, kCores).ranks, 1);
  cluster.nodes = 3;
  EXPECT_EQ(settle_cluster({}, cluster, kCores).ranks, 3);
  cluster.resources.gpus = 4;
  EXPECT_EQ(settle_cluster({}, cluster, kCores).ranks, 12);
}

TEST(SettleClusterTest, SharesTheCoresOfANodeOfTheCluster) {
  recipe::Cluster cluster;
  cluster.nodes = 2;
  cluster.ranks = 4;
  cluster.resources.cpus = 32;
  EXPECT_EQ(settle_cluster({}, cluster, kCores).slot_workers, 16);
}

TEST(SettleClusterTest, TheCommandLineWinsOverTheClusterFile) {
  recipe::Cluster cluster;
  cluster.ranks = 4;
  cluster.slot_workers = 2;
  EXPECT_EQ(settle_cluster({}, cluster, kCores), cluster);
  RecipeOptions options;
  options.ranks = 2;
  options.slot_workers = 3;
  const recipe::Cluster settled = settle_cluster(options, cluster, kCores);
  EXPECT_EQ(settled.ranks, 2);
  EXPECT_EQ(settled.slot_workers, 3);
}

}  // namespace
}  // namespace temper::launch
