#include <gmock/gmock.h>
#include <signal.h>

#include "tests/launcher/cli/program.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

/// A run whose first attempt failed for good.
class ResumeProgramTest : public ::testing::Test {
 protected:
  ResumeProgramTest() : program_("steps=1..5 exit=78\nsteps=6..9 weights=tensors") {
    EXPECT_EQ(program_.temper(program_.run_arguments()).code, 78) << program_.output();
  }
  ProgramResult resume(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"resume", "tiny", "--runs", program_.runs()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program_.temper(arguments);
  }

  Program program_;
};

TEST_F(ResumeProgramTest, GoesOnWithANewAttempt) {
  EXPECT_EQ(resume().code, 0) << program_.output();
  EXPECT_EQ(program_.record().state, run::RunState::kDone);
  EXPECT_NE(program_.record().attempts[0].id, program_.record().attempts[1].id);
}

TEST_F(ResumeProgramTest, SaysThatADoneRunIsDone) {
  resume();
  const ProgramResult again = resume();
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.output, HasSubstr("already done"));
  EXPECT_EQ(program_.record().attempts.size(), 2U);
}

TEST_F(ResumeProgramTest, WritesTheLostResultOfADoneRunAgain) {
  resume();
  std::filesystem::remove_all(program_.run().adapter());
  EXPECT_EQ(resume().code, 0) << program_.output();
  EXPECT_TRUE(std::filesystem::exists(program_.run().adapter()));
  EXPECT_EQ(program_.record().attempts.size(), 3U);
}

TEST_F(ResumeProgramTest, TakesAnotherNumberOfRanks) {
  EXPECT_EQ(resume({"--ranks", "2", "--slot-workers", "3"}).code, 0) << program_.output();
  EXPECT_EQ(program_.record().attempts[1].num_ranks, 2);
  EXPECT_THAT(program_.trainer_arguments(), HasSubstr("--ranks 2 --slot-workers 3"));
}

TEST_F(ResumeProgramTest, RefusesAChangeOfTheResultUnlessAllowed) {
  const std::string before = testing::read_file(program_.run().resolved());
  const ProgramResult refused = resume({"--set", "optimizer.lr=0.5"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.output,
              AllOf(HasSubstr("optimizer.lr"), HasSubstr("--allow-changed recipe")));
  EXPECT_EQ(testing::read_file(program_.run().resolved()), before);

  const ProgramResult allowed =
      resume({"--set", "optimizer.lr=0.5", "--allow-changed", "recipe,data"});
  EXPECT_EQ(allowed.code, 0) << allowed.output;
  EXPECT_THAT(program_.trainer_arguments(), EndsWith("--allow-changed recipe,data\n"));
  EXPECT_THAT(testing::read_file(program_.run().resolved()), HasSubstr("lr: 0.5"));
  EXPECT_EQ(testing::read_file(program_.run().resolved_before(program_.record().attempts[0].id)),
            before);
}

TEST_F(ResumeProgramTest, TakesChangesThatDoNotDecideTheResult) {
  EXPECT_EQ(resume({"--set", "checkpoint.every=7"}).code, 0) << program_.output();
  EXPECT_THAT(testing::read_file(program_.run().resolved()), HasSubstr("every: 7"));
}

TEST_F(ResumeProgramTest, RefusesAnUnknownThingToAllow) {
  const ProgramResult result = resume({"--allow-changed", "everything"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("'everything' is none of recipe, data, model, device"));
}

TEST(ResumeAtOnceTest, OnlyOneOfTwoProcessesGetsTheRun) {
  Program program("steps=1..5 hang exit=85\nsteps=6..6 hang exit=85");
  const auto running = program.start(program.run_arguments());
  program.wait_for_step(5);
  const ProgramResult second = program.temper({"resume", program.run().root});
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.output, HasSubstr("held by process"));
  EXPECT_EQ(program.record().state, run::RunState::kRunning);
  running->signal(SIGTERM);
  EXPECT_EQ(running->wait().code, 85);

  const auto first = program.start({"resume", program.run().root});
  program.wait_for_step(6);
  EXPECT_EQ(program.temper({"resume", program.run().root}).code, 2);
  first->signal(SIGTERM);
  EXPECT_EQ(first->wait().code, 85);
  EXPECT_THAT(program.record().attempts, ::testing::SizeIs(2));
}

}  // namespace
}  // namespace temper::launch
