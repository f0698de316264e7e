#include "trainer/train/schedule.h"

#include <gtest/gtest.h>

namespace temper::train {
namespace {

recipe::Schedule schedule(recipe::ScheduleKind kind, double warmup) {
  recipe::Schedule result;
  result.kind = kind;
  result.warmup = warmup;
  result.min_lr_ratio = 0.1;
  result.decay = 0.2;
  return result;
}

TEST(ScheduleTest, WarmUpRisesToThePeakAndNoStepIsAtZero) {
  const recipe::Schedule cosine = schedule(recipe::ScheduleKind::kCosine, 4);
  EXPECT_DOUBLE_EQ(learning_rate(cosine, 1, 0, 100), 0.25);
  EXPECT_DOUBLE_EQ(learning_rate(cosine, 1, 3, 100), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate(cosine, 1, 4, 100), 1.0);
}

TEST(ScheduleTest, WarmUpBelowOneIsAShare) {
  EXPECT_EQ(warmup_steps(schedule(recipe::ScheduleKind::kCosine, 0.03), 100), 3);
  EXPECT_EQ(warmup_steps(schedule(recipe::ScheduleKind::kCosine, 0.03), 10), 1);
  EXPECT_EQ(warmup_steps(schedule(recipe::ScheduleKind::kCosine, 0), 10), 0);
}

TEST(ScheduleTest, KindsEndWhereTheyShould) {
  EXPECT_DOUBLE_EQ(learning_rate(schedule(recipe::ScheduleKind::kConstant, 0), 2, 99, 100), 2);
  EXPECT_NEAR(learning_rate(schedule(recipe::ScheduleKind::kLinear, 0), 1, 50, 100), 0.55, 1e-12);
  EXPECT_NEAR(learning_rate(schedule(recipe::ScheduleKind::kLinear, 0), 1, 99, 100), 0.109, 1e-12);
  EXPECT_NEAR(learning_rate(schedule(recipe::ScheduleKind::kCosine, 0), 1, 50, 100), 0.55, 1e-12);
  EXPECT_NEAR(learning_rate(schedule(recipe::ScheduleKind::kCosine, 0), 1, 100, 100), 0.1, 1e-12);
}

TEST(ScheduleTest, WsdHoldsThenDecays) {
  const recipe::Schedule wsd = schedule(recipe::ScheduleKind::kWsd, 0);
  EXPECT_DOUBLE_EQ(learning_rate(wsd, 1, 80, 100), 1);
  EXPECT_NEAR(learning_rate(wsd, 1, 90, 100), 0.55, 1e-12);
  EXPECT_NEAR(learning_rate(wsd, 1, 99, 100), 1 - 0.9 * 0.95, 1e-12);
}

}  // namespace
}  // namespace temper::train
