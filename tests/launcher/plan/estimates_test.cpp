#include "launcher/plan/estimates.h"

#include <gmock/gmock.h>

namespace temper::launch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Result = PlannedCheck::Result;

/// Two epochs of 3.6 million tokens, on two ranks of one node each.
RunPlan example_plan() {
  RunPlan plan;
  plan.tokens.emplace().total = 3'600'000;
  plan.steps = PlannedSteps{100, 800, 2.0};
  plan.model.emplace().checkpoint_bytes = 100U << 20U;
  return plan;
}

recipe::Cluster example_cluster() {
  recipe::Cluster cluster;
  cluster.kind = recipe::ClusterKind::kSlurm;
  cluster.nodes = 2;
  cluster.ranks = 2;
  cluster.estimate.tokens_per_second = 500;
  return cluster;
}

TEST(EstimatesTest, TellsNothingWithoutFigures) {
  RunPlan plan = example_plan();
  add_estimates(recipe::Cluster{}, plan);
  EXPECT_FALSE(plan.time);
  EXPECT_THAT(plan.checks, IsEmpty());
}

TEST(EstimatesTest, TimeAndCostComeFromTokensAndRanks) {
  RunPlan plan = example_plan();
  recipe::Cluster cluster = example_cluster();
  cluster.estimate.price_per_node_hour = 1.5;
  add_estimates(cluster, plan);
  ASSERT_TRUE(plan.time);
  EXPECT_DOUBLE_EQ(plan.time->training_seconds, 7200);
  EXPECT_DOUBLE_EQ(plan.time->cost, 6);
  EXPECT_EQ(plan.time->currency, "USD");
}

TEST(EstimatesTest, ATimeLimitCutsItIntoJobs) {
  RunPlan plan = example_plan();
  recipe::Cluster cluster = example_cluster();
  cluster.time_limit_minutes = 62;
  cluster.grace_seconds = 120;
  add_estimates(cluster, plan);
  EXPECT_EQ(plan.time->jobs, 2);
  ASSERT_THAT(plan.checks, SizeIs(1));
  EXPECT_EQ(plan.checks[0].result, Result::kWarning);
  EXPECT_THAT(plan.checks[0].detail, HasSubstr("queued again 1 times"));
  cluster.time_limit_minutes = 130;
  RunPlan longer = example_plan();
  add_estimates(cluster, longer);
  EXPECT_EQ(longer.checks[0].result, Result::kOk);
}

TEST(EstimatesTest, WarnsOfACheckpointLongerThanTheGrace) {
  RunPlan plan = example_plan();
  recipe::Cluster cluster = example_cluster();
  cluster.estimate = {};
  cluster.estimate.write_mib_per_second = 1;
  cluster.grace_seconds = 30;
  add_estimates(cluster, plan);
  EXPECT_DOUBLE_EQ(plan.time->checkpoint_seconds, 50);
  ASSERT_THAT(plan.checks, SizeIs(1));
  EXPECT_EQ(plan.checks[0].result, Result::kWarning);
}

}  // namespace
}  // namespace temper::launch
