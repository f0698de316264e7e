#include "launcher/backends/slurm/requeue.h"

#include <gmock/gmock.h>
#include <signal.h>

namespace temper::launch {
namespace {

using run::RunState;
using ::testing::HasSubstr;
using Kind = Requeue::Kind;

/// Attempts that reached these steps, one after the other.
std::vector<run::AttemptRecord> attempts_to(const std::vector<std::int64_t>& steps) {
  std::vector<run::AttemptRecord> attempts;
  for (const std::int64_t step : steps) {
    attempts.emplace_back().last_step = step;
  }
  return attempts;
}

JobEnd stopped_by(int signal) {
  JobEnd end;
  end.state = RunState::kStopped;
  end.exit_code = 85;
  end.first_signal = signal;
  end.max_restarts = 3;
  return end;
}

JobEnd failed_with(int code) {
  JobEnd end;
  end.state = RunState::kFailed;
  end.exit_code = code;
  end.max_restarts = 3;
  return end;
}

TEST(RequeueTest, ADoneRunEnds) {
  EXPECT_EQ(judge_job({}, attempts_to({10})).kind, Kind::kEnd);
}

TEST(RequeueTest, TheTimeLimitQueuesItAgain) {
  EXPECT_EQ(judge_job(stopped_by(SIGUSR2), attempts_to({10})).kind, Kind::kAgain);
}

TEST(RequeueTest, TheTimeLimitHasNoBudgetWhileThereIsProgress) {
  JobEnd end = stopped_by(SIGUSR2);
  end.num_requeues = 1000;
  EXPECT_EQ(judge_job(end, attempts_to({1, 2, 3, 4, 5})).kind, Kind::kAgain);
}

TEST(RequeueTest, TheTimeLimitWithoutProgressEnds) {
  const Requeue next = judge_job(stopped_by(SIGUSR2), attempts_to({5, 5, -1, 4}));
  EXPECT_EQ(next.kind, Kind::kEnd);
  EXPECT_THAT(next.reason, HasSubstr("time_limit_minutes"));
}

TEST(RequeueTest, ACancelledRunStaysStopped) {
  JobEnd end = stopped_by(SIGUSR2);
  end.stop_requested = true;
  EXPECT_EQ(judge_job(end, attempts_to({10})).kind, Kind::kEnd);
}

TEST(RequeueTest, WhatSlurmTookAwayIsLeftToSlurm) {
  EXPECT_EQ(judge_job(stopped_by(SIGTERM), attempts_to({10})).kind, Kind::kLeaveToSlurm);
}

TEST(RequeueTest, ARetryableEndTriesOtherNodesWithinTheBudget) {
  JobEnd end = failed_with(75);
  end.num_requeues = 2;
  EXPECT_EQ(judge_job(end, attempts_to({1, 2, 3})).kind, Kind::kAgain);
  end.num_requeues = 3;
  EXPECT_EQ(judge_job(end, attempts_to({1, 2, 3})).kind, Kind::kEnd);
}

TEST(RequeueTest, ARetryableEndWithoutProgressEnds) {
  EXPECT_EQ(judge_job(failed_with(75), attempts_to({-1, -1, -1})).kind, Kind::kEnd);
}

TEST(RequeueTest, WhatARestartWouldNotMendEnds) {
  for (const int code : {1, 2, 78}) {
    EXPECT_EQ(judge_job(failed_with(code), attempts_to({10})).kind, Kind::kEnd) << code;
  }
}

}  // namespace
}  // namespace temper::launch
