#include "launcher/cli/checkpoint_push.h"

#include <gmock/gmock.h>

#include <cmath>

namespace temper::launch {
namespace {

using recipe::PublishWhen;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// step: loss on data.eval, of a run of 100 steps.
std::vector<run::ProgressRecord> losses(
    const std::vector<std::pair<std::int64_t, double>>& values) {
  std::vector<run::ProgressRecord> progress;
  for (const auto& [step, loss] : values) {
    progress.emplace_back();
    progress.back().step = step;
    progress.back().total_steps = 100;
    progress.back().eval_loss = loss;
  }
  return progress;
}

std::vector<std::int64_t> chosen(PublishWhen when, const std::set<std::int64_t>& exported,
                                 const std::vector<std::pair<std::int64_t, double>>& progress,
                                 const std::set<std::int64_t>& put = {}) {
  std::vector<std::int64_t> steps;
  for (const ChosenStep& step : choose_steps(when, exported, losses(progress), put)) {
    steps.push_back(step.step);
  }
  return steps;
}

TEST(CheckpointPushTest, EveryExportedStepThatWasNotPutOldestFirst) {
  EXPECT_THAT(chosen(PublishWhen::kCheckpoint, {75, 50, 25}, {{75, 1.0}}), ElementsAre(25, 50, 75));
  EXPECT_THAT(chosen(PublishWhen::kCheckpoint, {75, 50, 25}, {{75, 1.0}}, {25, 50}),
              ElementsAre(75));
}

TEST(CheckpointPushTest, TheBestIsTheOneWithTheLowestLossSoFar) {
  EXPECT_THAT(chosen(PublishWhen::kBest, {25, 50, 75}, {{25, 2.0}, {50, 1.0}, {75, 1.5}}),
              ElementsAre(50));
  EXPECT_THAT(chosen(PublishWhen::kBest, {75}, {{25, 2.0}, {50, 1.0}, {75, 1.5}}, {50}), IsEmpty());
  EXPECT_THAT(chosen(PublishWhen::kBest, {75}, {{50, 1.0}, {75, 0.9}}, {50}), ElementsAre(75));
  // Not measured at its step; not a number; already there.
  EXPECT_THAT(chosen(PublishWhen::kBest, {75}, {{70, 0.5}}, {}), IsEmpty());
  EXPECT_THAT(chosen(PublishWhen::kBest, {75}, {{75, std::nan("")}}, {}), IsEmpty());
  EXPECT_THAT(chosen(PublishWhen::kBest, {50}, {{50, 1.0}}, {50}), IsEmpty());
}

TEST(CheckpointPushTest, ARepeatedStepCountsByItsLastLoss) {
  EXPECT_THAT(chosen(PublishWhen::kBest, {25, 50}, {{25, 0.5}, {50, 1.0}, {25, 2.0}, {50, 1.0}}),
              ElementsAre(50));
}

TEST(CheckpointPushTest, TheLastStepIsBestIfItsLossIsLowerThanAllThatWerePut) {
  EXPECT_TRUE(is_last_best(losses({{50, 1.0}, {100, 0.9}}), {50}));
  EXPECT_FALSE(is_last_best(losses({{50, 1.0}, {100, 1.1}}), {50}));
  EXPECT_TRUE(is_last_best(losses({{100, 1.1}}), {}));
  EXPECT_FALSE(is_last_best(losses({{99, 1.1}}), {}));
  EXPECT_FALSE(is_last_best({}, {}));
}

}  // namespace
}  // namespace temper::launch
