#include "launcher/backends/supervisor.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <numeric>

#include "core/base/error.h"
#include "core/run/rank_exit.h"
#include "tests/launcher/backends/supervisor_scenario.h"

namespace temper::launch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using Kind = Verdict::Kind;

const RestartPolicy kThree{3, std::chrono::seconds(1)};
constexpr int kFirstPid = 1000;

TEST(SupervisorTest, RunsOneAttemptToItsEnd) {
  Scenario scenario;
  scenario.runner.script(scenario.process(0, 10));
  EXPECT_EQ(scenario.supervise(kThree).kind, Kind::kDone);
  EXPECT_THAT(scenario.listener.steps, ElementsAre(10));
  const run::RunRecord record = scenario.record();
  EXPECT_EQ(record.state, run::RunState::kDone);
  EXPECT_EQ(record.message, "");
  ASSERT_THAT(record.attempts, SizeIs(1));
  EXPECT_EQ(record.attempts[0].exit_code, 0);
  EXPECT_EQ(record.attempts[0].first_step, 10);
  EXPECT_FALSE(record.attempts[0].ended.empty());
}

TEST(SupervisorTest, SaysThatItRunsWhileItRuns) {
  Scenario scenario;
  auto process = scenario.process(0, 1);
  run::RunState seen = run::RunState::kPending;
  process.on_poll = [&](int) { seen = scenario.record().state; };
  scenario.runner.script(process);
  scenario.supervise(kThree);
  EXPECT_EQ(seen, run::RunState::kRunning);
}

TEST(SupervisorTest, RestartsWithBackOffUntilDone) {
  Scenario scenario;
  scenario.runner.script(scenario.process(75, 1));
  scenario.runner.script(scenario.process(137, 2));
  scenario.runner.script(scenario.process(0, 3));
  EXPECT_EQ(scenario.supervise(kThree).kind, Kind::kDone);
  EXPECT_THAT(scenario.record().attempts, SizeIs(3));
  EXPECT_NE(scenario.listener.attempts[0], scenario.listener.attempts[1]);
  const auto sleeps = scenario.clock.sleeps();
  const auto slept = std::accumulate(sleeps.begin(), sleeps.end(), std::chrono::nanoseconds(0));
  EXPECT_GE(slept, std::chrono::seconds(1 + 2));
  EXPECT_LT(slept, std::chrono::seconds(4));
}

TEST(SupervisorTest, StopsOnAnErrorThatARestartWouldNotMend) {
  Scenario scenario;
  scenario.runner.script(scenario.process(
      78, 4, "2026-11-24T06:30:00.123Z error [rank 0] loss is not finite at step 5\n"));
  const Verdict verdict = scenario.supervise(kThree);
  EXPECT_EQ(verdict.kind, Kind::kFailed);
  EXPECT_EQ(verdict.exit_code, 78);
  EXPECT_EQ(scenario.record().state, run::RunState::kFailed);
  EXPECT_THAT(scenario.record().message, HasSubstr("loss is not finite at step 5"));
}

TEST(SupervisorTest, PassesTheFirstStopOnOnceAsUsr2) {
  Scenario scenario;
  auto process = scenario.process(0, 4);
  process.polls_until_end = 1000;
  process.ends_on_signal[SIGUSR2] = {85};
  scenario.runner.script(process);
  scenario.signals.at_poll(5, SIGINT);
  const Verdict verdict = scenario.supervise(kThree);
  EXPECT_EQ(verdict.kind, Kind::kStopped);
  EXPECT_EQ(verdict.exit_code, 85);
  EXPECT_EQ(scenario.record().state, run::RunState::kStopped);
  EXPECT_THAT(scenario.runner.signals(), ElementsAre(Pair(kFirstPid, SIGUSR2)));
}

TEST(SupervisorTest, KillsAfterTheSecondStopAndItsGrace) {
  Scenario scenario;
  auto deaf = scenario.process(0, 4);
  deaf.polls_until_end = 100000;
  scenario.runner.script(deaf);
  scenario.signals.at_poll(5, SIGINT);
  scenario.signals.at_poll(10, SIGINT);
  const auto before = scenario.clock.steady_now();
  EXPECT_EQ(scenario.supervise(kThree).kind, Kind::kStopped);
  EXPECT_GE(scenario.clock.steady_now() - before, Supervisor::kGrace);
  EXPECT_THAT(
      scenario.runner.signals(),
      ElementsAre(Pair(kFirstPid, SIGUSR2), Pair(kFirstPid, SIGTERM), Pair(kFirstPid, SIGKILL)));
}

TEST(SupervisorTest, KillsAtTheThirdStopWithoutGrace) {
  Scenario scenario;
  auto deaf = scenario.process(0, 4);
  deaf.polls_until_end = 100000;
  scenario.runner.script(deaf);
  for (const int poll : {5, 6, 7}) {
    scenario.signals.at_poll(poll, SIGTERM);
  }
  const auto before = scenario.clock.steady_now();
  EXPECT_EQ(scenario.supervise(kThree).kind, Kind::kStopped);
  EXPECT_LT(scenario.clock.steady_now() - before, Supervisor::kGrace);
}

/// An mpirun that never ends although the first rank to leave left this word.
Verdict supervise_beside_a_frozen_rank(Scenario& scenario, const run::RankExit& word) {
  auto process = scenario.process(0, 4);
  process.polls_until_end = 100000;
  process.on_poll = [&scenario, word](int polls_left) {
    if (polls_left == 99990) {
      run::note_rank_exit(scenario.layout, scenario.listener.attempts.back(), word);
    }
  };
  scenario.runner.script(process);
  scenario.spec.ranks = 2;
  return scenario.supervise({0, {}});
}

TEST(SupervisorTest, AFrozenRankHoldsUpNoRunThatIsDone) {
  Scenario scenario;
  const auto before = scenario.clock.steady_now();
  const Verdict verdict = supervise_beside_a_frozen_rank(scenario, {1, "here", 0, "done"});
  EXPECT_EQ(verdict.kind, Kind::kDone);
  EXPECT_EQ(scenario.record().state, run::RunState::kDone);
  EXPECT_THAT(scenario.runner.signals(), ElementsAre(Pair(kFirstPid, SIGKILL)));
  const auto took = scenario.clock.steady_now() - before;
  EXPECT_GE(took, Supervisor::kEndGrace);
  EXPECT_LT(took, Supervisor::kEndGrace + std::chrono::seconds(1));
}

TEST(SupervisorTest, AFrozenRankDoesNotHideWhyTheOthersLeft) {
  Scenario scenario;
  const Verdict verdict = supervise_beside_a_frozen_rank(scenario, {1, "here", 78, "corrupt data"});
  EXPECT_EQ(verdict.kind, Kind::kFailed);
  EXPECT_EQ(verdict.exit_code, 78);
}

TEST(SupervisorTest, StopsWhileWaitingToRestart) {
  Scenario scenario;
  scenario.runner.script(scenario.process(75, 4));
  scenario.signals.at_poll(20, SIGTERM);  // the attempt has ended by then
  const Verdict verdict = scenario.supervise({3, std::chrono::seconds(30)});
  EXPECT_EQ(verdict.kind, Kind::kStopped);
  EXPECT_EQ(verdict.exit_code, 85);
  EXPECT_EQ(scenario.record().state, run::RunState::kStopped);
  EXPECT_THAT(scenario.runner.commands(), SizeIs(1));
}

TEST(SupervisorTest, AStarterThatLostAMachineIsStartedAgainUnlessARankFailed) {
  Scenario lost;
  lost.spec.starter_may_lose_machines = true;
  lost.runner.script(lost.process(1, 4));
  lost.runner.script(lost.process(0, 8));
  EXPECT_EQ(lost.supervise(kThree).kind, Kind::kDone);
  EXPECT_EQ(lost.record().attempts.front().exit_code, 75);

  Scenario failed;
  failed.spec.starter_may_lose_machines = true;
  auto process = failed.process(1, 4);
  process.on_poll = [&failed](int /*polls_left*/) {
    run::note_rank_exit(failed.layout, failed.record().attempts.back().id,
                        {2, "pod-2", 1, "CHECK failed"});
  };
  failed.runner.script(process);
  EXPECT_EQ(failed.supervise(kThree).exit_code, 1);
}

TEST(SupervisorTest, KillsAtOnceWhenTheSourceSaysSo) {
  Scenario scenario;
  auto process = scenario.process(0, 4);
  process.polls_until_end = 1000;
  scenario.runner.script(process);
  scenario.signals.at_poll(5, SIGKILL);
  const Verdict verdict = scenario.supervise({0, {}});
  EXPECT_EQ(verdict.kind, Kind::kFailed);
  EXPECT_EQ(scenario.record().attempts.back().exit_code, 137);
}

TEST(SupervisorTest, GivesUpWithoutProgress) {
  Scenario scenario;
  for (int i = 0; i < 3; ++i) {
    scenario.runner.script(scenario.process(75, -1, "bind: address in use\n"));
  }
  const Verdict verdict = scenario.supervise({100, std::chrono::seconds(1)});
  EXPECT_EQ(verdict.exit_code, 75);
  EXPECT_THAT(verdict.reason, HasSubstr("added no step"));
  EXPECT_THAT(scenario.record().message, HasSubstr("address in use"));
}

TEST(SupervisorTest, SaysInTheRecordThatTheTrainerCouldNotBeStarted) {
  Scenario scenario;
  testing::ScriptedProcess absent;
  absent.start_error = "cannot start mpirun: No such file";
  scenario.runner.script(absent);
  EXPECT_THROW(scenario.supervise(kThree), UserError);
  EXPECT_EQ(scenario.record().state, run::RunState::kFailed);
  EXPECT_THAT(scenario.record().message, HasSubstr("cannot start mpirun"));
}

}  // namespace
}  // namespace temper::launch
