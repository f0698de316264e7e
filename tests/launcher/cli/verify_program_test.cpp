#include <gmock/gmock.h>

#include "tests/launcher/cli/program.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

ProgramResult verify(Program& program, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"verify", program.file("recipe.yaml"), "--seed", "3"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return program.temper(arguments);
}

TEST(VerifyProgramTest, SaysThatAllResultsAreTheSame) {
  Program program("checkpoint=2 steps=1..6 pause=300 weights=same");
  const ProgramResult result = verify(program, {"--ranks", "1,2"});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("killed after step"), HasSubstr("1, then 2"),
                                   HasSubstr("all results are the same")));
}

TEST(VerifyProgramTest, ComparesOnAsManyGpusAsThereAre) {
  Program program("checkpoint=2 steps=1..6 pause=300 weights=same");
  program.set_environment("FAKE_TRAINER_GPUS", "1");
  const ProgramResult one = verify(program, {"--gpus", "--ranks", "1"});
  EXPECT_EQ(one.code, 0) << one.output;
  EXPECT_THAT(one.output, HasSubstr("1, then 1"));
  const ProgramResult two = verify(program, {"--gpus", "--ranks", "1,2"});
  EXPECT_EQ(two.code, 2);
  EXPECT_THAT(two.output,
              AllOf(HasSubstr("resources.gpus: is 2, but"), HasSubstr("no CUDA device")));
}

TEST(VerifyProgramTest, PointsAtTheResultThatDiffers) {
  Program program("checkpoint=2 steps=1..6 pause=300 weights=%ranks%");
  const ProgramResult result = verify(program, {"--ranks", "1,2"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, AllOf(HasSubstr("DIFFERENT"), HasSubstr("the results DIFFER")));
}

TEST(VerifyProgramTest, SaysWhyATrainingFailed) {
  Program program("error=no_memory exit=78");
  const ProgramResult result = verify(program, {"--ranks", "1"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, AllOf(HasSubstr("FAILED"), HasSubstr("no memory")));
}

TEST(VerifyProgramTest, DoesNotTakeATrainingThatDidNotWaitForAnInterruptedOne) {
  Program program("checkpoint=2 steps=1..1 weights=same");
  const ProgramResult result = verify(program, {"--ranks", "1"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("it ended although it was to wait"));
}

}  // namespace
}  // namespace temper::launch
