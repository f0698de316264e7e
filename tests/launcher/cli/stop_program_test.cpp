#include <gmock/gmock.h>
#include <signal.h>

#include "launcher/backends/orphans.h"
#include "tests/launcher/cli/program.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kCheckpointed = 85;

/// One rank, and two under mpirun.
class StoppedRunTest : public ::testing::TestWithParam<const char*> {};

TEST_P(StoppedRunTest, SavesItsStateAndCanBeResumed) {
  Program program("steps=1..5 hang checkpoint=5 exit=85\nsteps=6..9");
  const auto running = program.start(program.run_arguments({"--ranks", GetParam()}));
  program.wait_for_step(5);
  running->signal(SIGINT);
  EXPECT_EQ(running->wait().code, kCheckpointed) << program.output();
  EXPECT_EQ(program.record().state, run::RunState::kStopped);
  EXPECT_TRUE(std::filesystem::exists(program.run().checkpoints()));

  const ProgramResult result = program.temper({"resume", program.run().root});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_EQ(program.record().state, run::RunState::kDone);
  EXPECT_THAT(program.record().attempts, SizeIs(2));
}

INSTANTIATE_TEST_SUITE_P(Ranks, StoppedRunTest, ::testing::Values("1", "2"));

/// Nothing of the run may be left behind.
class DeafRunTest : public ::testing::TestWithParam<const char*> {};

TEST_P(DeafRunTest, IsKilledAtTheThirdSignal) {
  Program program("steps=1..2 deaf");
  const auto running = program.start(program.run_arguments({"--ranks", GetParam()}));
  program.wait_for_step(2);
  for (const char* told : {"once more to kill it", "is lost", ""}) {
    running->signal(SIGTERM);
    program.wait_until([&] { return program.output().find(told) != std::string::npos; });
  }
  EXPECT_EQ(running->wait().code, kCheckpointed) << program.output();
  EXPECT_EQ(program.record().state, run::RunState::kStopped);
}

INSTANTIATE_TEST_SUITE_P(Ranks, DeafRunTest, ::testing::Values("1"));

TEST(CancelProgramTest, StopsARunAndWaitsForIt) {
  Program program("steps=1..5 hang exit=85");
  const auto running = program.start(program.run_arguments());
  program.wait_for_step(5);
  const ProgramResult result = program.temper({"cancel", "tiny", "--runs", program.runs()});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("stopped"));
  EXPECT_EQ(program.record().state, run::RunState::kStopped);
  EXPECT_EQ(running->wait().code, kCheckpointed);
}

TEST(CancelProgramTest, RefusesAFinishedRun) {
  Program program;
  program.temper(program.run_arguments());
  const ProgramResult result = program.temper({"cancel", "tiny", "--runs", program.runs()});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("isn't running, it is done"));
}

TEST(CancelProgramTest, RefusesAnUnknownRun) {
  Program program;
  const ProgramResult result = program.temper({"cancel", "nothing", "--runs", program.runs()});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("no run 'nothing'"));
}

TEST(CancelProgramTest, RefusesARunThatNeverStarted) {
  Program program;
  std::filesystem::create_directories(program.runs() / "half");
  const ProgramResult result = program.temper({"cancel", "half", "--runs", program.runs()});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("has no run.json"));
}

TEST(KilledSupervisorTest, IsNoticedAndItsTrainerIsStoppedBeforeTheNext) {
  Program program("steps=1..5 hang checkpoint=5 exit=85\nsteps=6..9");
  const auto running = program.start(program.run_arguments());
  program.wait_for_step(5);
  running->signal(SIGKILL);
  running->wait();
  EXPECT_THAT(trainers_of(program.run().root), SizeIs(1)) << "the trainer lives on";

  const ProgramResult status = program.temper({"status", program.run().root});
  EXPECT_EQ(status.code, 0);
  EXPECT_THAT(status.output, AllOf(HasSubstr("failed"), HasSubstr("died")));
  EXPECT_EQ(program.temper({"cancel", program.run().root}).code, 2);

  const ProgramResult resumed = program.temper({"resume", program.run().root});
  EXPECT_EQ(resumed.code, 0) << resumed.output;
  EXPECT_THAT(resumed.output, HasSubstr("still there"));
  EXPECT_THAT(trainers_of(program.run().root), IsEmpty());
}

}  // namespace
}  // namespace temper::launch
