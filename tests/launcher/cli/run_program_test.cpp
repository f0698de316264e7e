#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>

#include "tests/launcher/cli/program.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TEST(RunProgramTest, TrainsToTheEndAndTellsTheResult) {
  Program program("eval=3.5 steps=1..3 eval=2.25 weights=w");
  const ProgramResult result = program.temper(program.run_arguments());
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("evaluation loss 3.5000 -> 2.2500"),
                                   HasSubstr(program.run().adapter().string())));
  EXPECT_EQ(program.record().state, run::RunState::kDone);
}

TEST(RunProgramTest, KeepsWhatItRunsFromInTheRunDirectory) {
  Program program;
  EXPECT_EQ(program.temper(program.run_arguments({"--set", "optimizer.lr=0.125"})).code, 0);
  const run::RunLayout layout = program.run();
  EXPECT_EQ(testing::read_file(layout.recipe()), testing::read_file(program.file("recipe.yaml")));
  EXPECT_THAT(testing::read_file(layout.resolved()),
              AllOf(HasSubstr("lr: 0.125"), HasSubstr("max_grad_norm")));
  EXPECT_THAT(testing::read_file(layout.cluster()), HasSubstr("backoff_seconds: 0.01"));
  EXPECT_THAT(testing::read_file(layout.plan()),
              AllOf(HasSubstr("trained_parameters"), HasSubstr("--attempt ATTEMPT")));
  EXPECT_THAT(program.trainer_arguments(),
              HasSubstr("--run " + layout.root.string() + " --ranks 1 --slot-workers "));
}

TEST(RunProgramTest, RestartsARetryableEnd) {
  Program program("steps=1..1 exit=75\nsteps=2..2 raise=9\nsteps=3..3 exit=85\nsteps=4..4");
  const ProgramResult result = program.temper(program.run_arguments());
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(program.record().attempts, SizeIs(4));
  EXPECT_EQ(program.record().attempts[1].exit_code, 128 + SIGKILL);
}

TEST(RunProgramTest, GivesUpAfterThreeAttemptsWithoutProgress) {
  Program program("say=no_luck exit=75");
  const ProgramResult result = program.temper(program.run_arguments());
  EXPECT_EQ(result.code, 75);
  EXPECT_THAT(result.output, AllOf(HasSubstr("3 attempts in a row"), HasSubstr("no luck")));
  EXPECT_EQ(program.record().state, run::RunState::kFailed);
}

class FinalCodeProgramTest : public ::testing::TestWithParam<int> {};

TEST_P(FinalCodeProgramTest, PassesTheTrainersErrorAndCodeOn) {
  Program program("say=noise error=step_7:_it_broke exit=" + std::to_string(GetParam()));
  const ProgramResult result = program.temper(program.run_arguments());
  EXPECT_EQ(result.code, GetParam());
  EXPECT_THAT(result.output, AllOf(HasSubstr("step 7: it broke"), Not(HasSubstr("noise"))));
  EXPECT_THAT(program.record().attempts, SizeIs(1));
  EXPECT_THAT(program.record().message, HasSubstr("step 7: it broke"));
}

INSTANTIATE_TEST_SUITE_P(Codes, FinalCodeProgramTest, ::testing::Values(1, 2, 78));

TEST(RunProgramTest, StartsSeveralRanksByMpirun) {
  Program program("steps=1..2 weights=%ranks%");
  const ProgramResult result = program.temper(program.run_arguments({"--ranks", "2"}));
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_EQ(testing::read_file(program.run().adapter() / "adapter_model.safetensors"), "2");
}

TEST(RunProgramTest, RestartsWhenARankUnderMpirunIsKilled) {
  Program program("steps=1..1 raise=9\nsteps=2..2");
  const ProgramResult result = program.temper(program.run_arguments({"--ranks", "2"}));
  EXPECT_EQ(result.code, 0) << result.output;
  ASSERT_THAT(program.record().attempts, SizeIs(2));
  EXPECT_EQ(program.record().attempts[0].exit_code, 128 + SIGKILL);
}

TEST(RunProgramTest, PrintsTheRecordsAsJsonLines) {
  Program program("steps=1..3");
  const ProgramResult result = program.temper(program.run_arguments({"--json"}));
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.output, HasSubstr("\"step\":3"));
}

/// Everything that the user could mend ends with 2 before a run directory exists.
void expect_refused(Program& program, const std::vector<std::string>& more,
                    const std::string& reason) {
  const ProgramResult result = program.temper(program.run_arguments(more));
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr(reason));
  EXPECT_FALSE(fs::is_directory(program.runs()) && !fs::is_empty(program.runs()));
}

TEST(RunProgramTest, RefusesAnUnwritableRunRoot) {
  Program program;
  testing::write_file(program.runs(), "a file in the way");
  expect_refused(program, {}, "checkpoint.to");
}

TEST(RunProgramTest, RefusesAMissingBaseModel) {
  Program program;
  expect_refused(program, {"--set", "model.base=/nonexistent/model"},
                 "base model not found at /nonexistent/model");
}

TEST(RunProgramTest, RefusesMissingData) {
  Program program;
  fs::remove(program.file("chats.jsonl"));
  expect_refused(program, {}, "chats.jsonl");
}

TEST(RunProgramTest, RefusesANameThatIsNoFolder) {
  Program program;
  expect_refused(program, {"--name", "../elsewhere"}, "name");
}

TEST(RunProgramTest, RefusesAnUnknownKey) {
  Program program;
  expect_refused(program, {"--set", "learning_rate=1"}, "optimizer.lr");
}

}  // namespace
}  // namespace temper::launch
