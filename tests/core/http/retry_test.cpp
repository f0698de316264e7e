#include "core/http/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/support/fake_clock.h"

namespace temper::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The scenarios of Google's conformance tests for retries (retry_tests.json, 1 to 6): what may be
// repeated is tried again after these and no other statuses.
TEST(JudgeStatusTest, FollowsTheTable) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(judge_status(status, Idempotency::kAlways), Verdict::kRetry) << status;
    EXPECT_EQ(judge_status(status, Idempotency::kNever), Verdict::kDone) << status;
  }
  for (const int status : {200, 201, 204, 206, 301, 308, 400, 403, 404, 409, 410, 412, 416, 501}) {
    EXPECT_EQ(judge_status(status, Idempotency::kAlways), Verdict::kDone) << status;
  }
  EXPECT_EQ(judge_status(401, Idempotency::kNever), Verdict::kRefresh);
}

class RetryBudgetTest : public ::testing::Test {
 protected:
  RetryBudget budget() {
    return {"read x", policy_, clock_, logger_, counters_, stop_.get_token()};
  }

  double jitter_ = 1.0;
  RetryPolicy policy_{.initial = milliseconds(1000),
                      .multiplier = 2,
                      .cap = milliseconds(5000),
                      .patience = milliseconds(30'000),
                      .jitter = [this] { return jitter_; }};
  testing::FakeClock clock_;
  Logger logger_{LogLevel::kError};
  Counters counters_;
  std::stop_source stop_;

  std::chrono::nanoseconds waited() const {
    return clock_.steady_now().time_since_epoch() - begin_.time_since_epoch();
  }
  const std::chrono::steady_clock::time_point begin_ = clock_.steady_now();
};

TEST_F(RetryBudgetTest, WaitsGrowUpToTheCap) {
  RetryBudget waits = budget();
  std::vector<std::chrono::nanoseconds> durations;
  for (int i = 0; i < 5; ++i) {
    const auto before = waited();
    waits.wait("503");
    durations.push_back(waited() - before);
  }
  EXPECT_THAT(durations, ElementsAre(seconds(1), seconds(2), seconds(4), seconds(5), seconds(5)));
  EXPECT_EQ(counters_.retries, 5U);
}

TEST_F(RetryBudgetTest, JitterIsFull) {
  jitter_ = 0;
  RetryBudget waits = budget();
  waits.wait("503");
  EXPECT_EQ(waited(), seconds(0));
}

TEST_F(RetryBudgetTest, RetryAfterIsTheLeast) {
  jitter_ = 0;
  RetryBudget waits = budget();
  waits.wait("429", seconds(7));
  EXPECT_EQ(waited(), seconds(7));
}

TEST_F(RetryBudgetTest, GivesUpWithoutProgress) {
  RetryBudget waits = budget();
  try {
    for (int i = 0; i < 100; ++i) {
      waits.wait("HTTP status 503");
    }
    ADD_FAILURE() << "no error";
  } catch (const RetryableError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot read x"));
    EXPECT_THAT(error.what(), HasSubstr("HTTP status 503"));
    EXPECT_EQ(error.exit_code(), ExitCode::kRetryable);
  }
  EXPECT_LE(waited(), policy_.patience);
  EXPECT_GT(waited(), policy_.patience / 2);
  EXPECT_EQ(counters_.failures, 1U);
}

TEST_F(RetryBudgetTest, ProgressMovesTheDeadline) {
  RetryBudget waits = budget();
  for (int i = 0; i < 100; ++i) {
    waits.wait("cut off");
    waits.note_progress();
  }
  EXPECT_EQ(waited(), seconds(100));  // each wait is a first one again
}

TEST_F(RetryBudgetTest, LongRetryAfterIsNotWaitedFor) {
  EXPECT_THROW(budget().wait("429", seconds(31)), RetryableError);
  EXPECT_EQ(waited(), seconds(0));
}

TEST_F(RetryBudgetTest, StopEndsTheWaiting) {
  stop_.request_stop();
  EXPECT_THROW(budget().wait("503"), RetryableError);
  EXPECT_EQ(waited(), seconds(0));
}

}  // namespace
}  // namespace temper::http
