#include <gtest/gtest.h>

#include "launcher/cli/verify_trial.h"
#include "tests/support/golden.h"

namespace temper::launch {
namespace {

TrialResult result_of(std::int64_t ranks, const std::string& sha256) {
  TrialResult result;
  result.trial.ranks = ranks;
  result.sha256 = sha256;
  result.seconds = 1.25;
  return result;
}

TEST(VerifyTableTest, ComparesEverythingWithTheFirst) {
  const std::string one(64, 'a');
  const std::string other(64, 'b');
  std::vector<TrialResult> results = {result_of(1, one), result_of(2, one)};
  results[1].trial.kill_after_step = 4;
  results[1].trial.resume_ranks = 3;
  EXPECT_TRUE(all_the_same(results));
  results.push_back(result_of(3, other));
  EXPECT_FALSE(all_the_same(results));
  results.push_back(result_of(3, ""));
  results.back().problem = "exit code 78";
  testing::expect_golden("plans/verify.txt", verify_table(results));
}

TEST(VerifyTableTest, NoResultProvesNothing) {
  EXPECT_FALSE(all_the_same({}));
}

TEST(VerifyTableTest, AProblemIsNoProofEvenWithTheSameBits) {
  std::vector<TrialResult> results = {result_of(1, "a"), result_of(2, "a")};
  results[1].problem = "it ended before it could be interrupted";
  EXPECT_FALSE(all_the_same(results));
}

}  // namespace
}  // namespace temper::launch
