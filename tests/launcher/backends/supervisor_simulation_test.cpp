#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <random>

#include "tests/launcher/backends/supervisor_scenario.h"
#include "tests/support/seed.h"

/// Random histories of attempts, by seed: whatever happens, the
/// supervisor ends, says the same in verdict and run.json, and keeps to its limits.
namespace temper::launch {
namespace {

using Kind = Verdict::Kind;

struct Plan {
  std::vector<int> codes;
  std::vector<std::int64_t> last_steps;
  RestartPolicy policy;
  bool stops = false;
};

Plan draw(std::mt19937_64& random) {
  constexpr std::array kCodes = {0, 75, 75, 75, 85, 85, 137, 139, 78, 2, 1};
  Plan plan;
  plan.policy.max_restarts = static_cast<std::int64_t>(random() % 8);
  plan.policy.first_delay = std::chrono::milliseconds(random() % 5000);
  plan.stops = random() % 4 == 0;
  std::int64_t step = 0;
  constexpr std::size_t kMost = 10;  // more than any policy here starts
  while (plan.codes.size() < kMost) {
    plan.codes.push_back(kCodes[random() % kCodes.size()]);
    step += static_cast<std::int64_t>(random() % 3);
    plan.last_steps.push_back(step);
  }
  return plan;
}

/// The longest row of attempts at the end that added no step.
std::size_t fruitless_at_end(const std::vector<run::AttemptRecord>& attempts) {
  std::vector<std::int64_t> best;
  for (const run::AttemptRecord& attempt : attempts) {
    best.push_back(std::max(best.empty() ? -1 : best.back(), attempt.last_step));
  }
  std::size_t count = 0;
  for (std::size_t i = best.size(); i-- > 0 && best[i] == (i == 0 ? -1 : best[i - 1]);) {
    ++count;
  }
  return count;
}

void check(const Scenario& scenario, const Plan& plan, const Verdict& verdict) {
  const run::RunRecord record = scenario.record();
  const auto restarts = static_cast<std::int64_t>(record.attempts.size()) - 1;
  EXPECT_LE(restarts, plan.policy.max_restarts);
  EXPECT_LE(fruitless_at_end(record.attempts), RestartPolicy::kAttemptsWithoutProgress);
  for (std::size_t i = 0; i + 1 < record.attempts.size(); ++i) {
    const int code = record.attempts[i].exit_code.value();
    EXPECT_TRUE(code == 75 || code == 85 || code > 128) << "restarted after " << code;
    EXPECT_FALSE(record.attempts[i].ended.empty());
  }
  ASSERT_FALSE(record.attempts.empty());
  switch (verdict.kind) {
    case Kind::kDone:
      EXPECT_EQ(record.state, run::RunState::kDone);
      EXPECT_EQ(record.attempts.back().exit_code, 0);
      break;
    case Kind::kStopped:
      EXPECT_EQ(record.state, run::RunState::kStopped);
      EXPECT_TRUE(plan.stops);
      EXPECT_EQ(verdict.exit_code, 85);
      break;
    case Kind::kFailed:
      EXPECT_EQ(record.state, run::RunState::kFailed);
      EXPECT_NE(verdict.exit_code, 0);
      EXPECT_FALSE(record.message.empty());
      break;
    case Kind::kRestart:
      ADD_FAILURE() << "the supervisor ended with a restart";
  }
}

TEST(SupervisorSimulationTest, EndsAndKeepsToItsLimitsWhateverHappens) {
  const std::uint64_t begin = testing::test_seed();
  constexpr std::uint64_t kRuns = 40;  // each writes run.json durably several times
  for (std::uint64_t seed = begin; seed < begin + kRuns; ++seed) {
    SCOPED_TRACE("TEMPER_TEST_SEED=" + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Plan plan = draw(random);
    Scenario scenario;
    for (std::size_t i = 0; i < plan.codes.size(); ++i) {
      auto process = scenario.process(plan.codes[i], plan.last_steps[i]);
      process.polls_until_end = static_cast<int>(random() % 50);
      process.ends_on_signal[SIGUSR2] = {85};
      scenario.runner.script(process);
    }
    if (plan.stops) {
      scenario.signals.at_poll(1 + static_cast<int>(random() % 300), SIGTERM);
    }
    check(scenario, plan, scenario.supervise(plan.policy));
    if (::testing::Test::HasFailure()) {
      return;  // the first seed that fails is enough
    }
  }
}

}  // namespace
}  // namespace temper::launch
