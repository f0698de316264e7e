#include "launcher/backends/restart_policy.h"

#include <gtest/gtest.h>

#include <vector>

namespace temper::launch {
namespace {

using Kind = Verdict::Kind;
using std::chrono::seconds;

Verdict judge_codes(const std::vector<AttemptEnd>& history, bool stop_asked = false,
                    std::int64_t max_restarts = 3) {
  return judge({max_restarts, seconds(1)}, -1, history, stop_asked);
}

TEST(RestartPolicyTest, ZeroIsDone) {
  const Verdict verdict = judge_codes({{0, 10}});
  EXPECT_EQ(verdict.kind, Kind::kDone);
  EXPECT_EQ(verdict.exit_code, 0);
}

TEST(RestartPolicyTest, DoneWinsOverAStopThatCameTooLate) {
  EXPECT_EQ(judge_codes({{0, 10}}, /*stop_asked=*/true).kind, Kind::kDone);
}

class RestartedCodeTest : public ::testing::TestWithParam<int> {};

TEST_P(RestartedCodeTest, IsRestarted) {
  EXPECT_EQ(judge_codes({{GetParam(), 5}}).kind, Kind::kRestart);
}

TEST_P(RestartedCodeTest, IsNotRestartedOnceAskedToStop) {
  const Verdict verdict = judge_codes({{GetParam(), 5}}, /*stop_asked=*/true);
  EXPECT_EQ(verdict.kind, Kind::kStopped);
  EXPECT_EQ(verdict.exit_code, 85);
}

TEST_P(RestartedCodeTest, IsNotRestartedWithoutRestarts) {
  EXPECT_EQ(judge_codes({{GetParam(), 5}}, false, 0).kind, Kind::kFailed);
}

INSTANTIATE_TEST_SUITE_P(Codes, RestartedCodeTest, ::testing::Values(75, 85, 137, 139, 143));

class FinalCodeTest : public ::testing::TestWithParam<int> {};

TEST_P(FinalCodeTest, EndsTheRunWithTheSameCode) {
  const Verdict verdict = judge_codes({{GetParam(), 5}});
  EXPECT_EQ(verdict.kind, Kind::kFailed);
  EXPECT_EQ(verdict.exit_code, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Codes, FinalCodeTest, ::testing::Values(1, 2, 3, 78, 127));

class BrokenRunCodeTest : public ::testing::TestWithParam<int> {};

// A scheduler ends all machines of a job when one of them fails, and this one may hear that first.
TEST_P(BrokenRunCodeTest, FailsAlthoughAskedToStop) {
  const Verdict verdict = judge_codes({{GetParam(), 5}}, /*stop_asked=*/true);
  EXPECT_EQ(verdict.kind, Kind::kFailed);
  EXPECT_EQ(verdict.exit_code, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Codes, BrokenRunCodeTest, ::testing::Values(2, 78));

TEST(RestartPolicyTest, WaitsTwiceAsLongEachTimeUpToAMinute) {
  std::vector<AttemptEnd> history;
  std::vector<std::int64_t> waits;
  for (std::int64_t step = 1; step <= 9; ++step) {
    history.push_back({75, step});
    waits.push_back(
        std::chrono::duration_cast<seconds>(judge({100, seconds(1)}, -1, history, false).delay)
            .count());
  }
  EXPECT_EQ(waits, (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 60, 60, 60}));
}

TEST(RestartPolicyTest, GivesUpAfterMaxRestarts) {
  const std::vector<AttemptEnd> three = {{75, 1}, {75, 2}, {75, 3}};
  EXPECT_EQ(judge_codes(three).kind, Kind::kRestart);
  const std::vector<AttemptEnd> four = {{75, 1}, {75, 2}, {75, 3}, {75, 4}};
  const Verdict verdict = judge_codes(four);
  EXPECT_EQ(verdict.kind, Kind::kFailed);
  EXPECT_EQ(verdict.exit_code, 75);
  EXPECT_NE(verdict.reason.find("after 3 restarts"), std::string::npos) << verdict.reason;
}

TEST(RestartPolicyTest, GivesUpAfterThreeAttemptsWithoutANewStep) {
  const RestartPolicy patient{100, seconds(1)};
  const std::vector<AttemptEnd> two = {{75, 7}, {75, 7}};
  EXPECT_EQ(judge(patient, 7, two, false).kind, Kind::kRestart);
  const std::vector<AttemptEnd> three = {{75, 7}, {75, 7}, {137, 7}};
  const Verdict verdict = judge(patient, 7, three, false);
  EXPECT_EQ(verdict.kind, Kind::kFailed);
  EXPECT_EQ(verdict.exit_code, 75);
  EXPECT_NE(verdict.reason.find("added no step"), std::string::npos) << verdict.reason;
}

TEST(RestartPolicyTest, ANewStepStartsTheCountAgain) {
  const RestartPolicy patient{100, seconds(1)};
  const std::vector<AttemptEnd> history = {{75, 7}, {75, 7}, {75, 8}, {75, 8}, {75, 8}};
  EXPECT_EQ(judge(patient, 7, history, false).kind, Kind::kRestart);
}

TEST(RestartPolicyTest, DescribesCodesAndSignals) {
  EXPECT_EQ(describe_exit(137), "killed by signal 9");
  EXPECT_EQ(describe_exit(78), "exit code 78 (fatal for this recipe)");
}

}  // namespace
}  // namespace temper::launch
