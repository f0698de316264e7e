#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/recipe/minimal_recipe.h"

namespace temper::recipe {
namespace {

TEST(ClusterTest, AnEmptyFileIsAllDefaults) {
  const Environment environment = testing::no_variables();
  EXPECT_EQ(parse_cluster("# nothing\n", "c.yaml", {}, &environment), Cluster{});
}

TEST(ClusterTest, ReadsEveryKey) {
  const Environment environment = testing::variables({{"TOKEN", "t"}});
  const Cluster cluster = parse_cluster(
      "version: 1\nkind: local\nranks: 3\nslot_workers: 2\nmax_restarts: 0\nbackoff_seconds: 0.5\n"
      "environment: {A: 1, B_2: '${env:TOKEN}'}\n",
      "c.yaml", {"environment.C=x y"}, &environment);
  Cluster expected;
  expected.ranks = 3;
  expected.slot_workers = 2;
  expected.max_restarts = 0;
  expected.backoff_seconds = 0.5;
  expected.environment = {{"A", "1"}, {"B_2", "t"}, {"C", "x y"}};
  EXPECT_EQ(cluster, expected);
}

TEST(ClusterTest, DumpReadsBackEqual) {
  const Environment environment = testing::no_variables();
  Cluster cluster;
  cluster.ranks = 4;
  cluster.environment = {{"A", "a: \"b\" ${c}\n"}, {"B", ""}};
  const std::string text = dump(cluster);
  EXPECT_EQ(parse_cluster(text, "dump.yaml", {}, &environment), cluster) << text;
}

TEST(ClusterTest, ARecipeIsNoClusterFile) {
  const Environment environment = testing::no_variables();
  EXPECT_THROW(parse_cluster(testing::kMinimal, "c.yaml", {}, &environment), UserError);
}

}  // namespace
}  // namespace temper::recipe
