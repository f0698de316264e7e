#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/launcher/cli/program.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(ProgramTest, ShowsItsVerbsAndVersion) {
  Program program;
  const ProgramResult help = program.temper({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* verb :
       {"plan", "run", "resume", "status", "list", "logs", "cancel", "verify", "tokens"}) {
    EXPECT_THAT(help.output, HasSubstr(verb));
  }
  EXPECT_THAT(program.temper({"--version"}).output, StartsWith("temper 0."));
}

TEST(ProgramTest, SuggestsTheVerbThatWasMeant) {
  Program program;
  const ProgramResult result = program.temper({"statsu"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("did you mean 'status'?"));
}

TEST(ProgramTest, PointsToTheHelpForAnUnknownOption) {
  Program program;
  const ProgramResult result = program.temper({"plan", "x.yaml", "--rnks", "3"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, AllOf(HasSubstr("--rnks"), HasSubstr("temper plan --help")));
}

TEST(ProgramTest, NeedsAVerb) {
  Program program;
  EXPECT_EQ(program.temper({}).code, 2);
}

TEST(ListProgramTest, TakesSeveralPlacesAndClusterFiles) {
  Program program;
  program.temper(program.run_arguments({"--name", "first"}));
  const auto other = program.file("other");
  testing::write_file(program.file("on.yaml"), "runs: " + other.string() + "\n");
  testing::write_file(program.file("nowhere.yaml"), "ranks: 1\n");
  program.temper(
      {"run", program.file("recipe.yaml"), "--on", program.file("on.yaml"), "--name", "second"});
  const std::vector<std::string> places = {"list",
                                           "--runs",
                                           program.runs(),
                                           "--on",
                                           program.file("on.yaml"),
                                           program.file("nowhere.yaml")};
  const ProgramResult both = program.temper(places);
  EXPECT_EQ(both.code, 0);
  EXPECT_THAT(both.output, AllOf(HasSubstr("first-"), HasSubstr("second-"), HasSubstr("where"),
                                 HasSubstr("nowhere.yaml: names no `runs`")));
  EXPECT_LT(both.output.find("first-"), both.output.find("second-"));
  const ProgramResult one = program.temper({"list", "--on", program.file("on.yaml")});
  EXPECT_THAT(one.output, AllOf(HasSubstr("second-"), Not(HasSubstr("first-"))));
  const ProgramResult twice =
      program.temper({"list", "--json", "--runs", other, "--runs", other, other});
  EXPECT_EQ(std::count(twice.output.begin(), twice.output.end(), '\n'), 1);
}

TEST(ListProgramTest, APlaceThatCannotBeReadLeavesTheOthers) {
  Program program;
  program.temper(program.run_arguments());
  program.set_environment("STORAGE_EMULATOR_HOST", "file://nothing");
  const ProgramResult result =
      program.temper({"list", "--runs", program.runs(), "gs://bucket?x/runs"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.output, AllOf(HasSubstr("tiny-"), HasSubstr("gs://bucket?x/runs: ")));
}

TEST(StatusProgramTest, ShowsARunningRun) {
  Program program("eval=3.5 steps=1..5 hang exit=85");
  const auto running = program.start(program.run_arguments());
  program.wait_for_step(5);
  const ProgramResult text = program.temper({"status", "--runs", program.runs()});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.output, AllOf(HasSubstr("running"), HasSubstr("step 5/100")));

  const ProgramResult json = program.temper({"status", program.run().root, "--json"});
  const auto parsed = nlohmann::json::parse(json.output);
  EXPECT_EQ(parsed["state"], "running");
  EXPECT_EQ(parsed["step"], 5);
  EXPECT_EQ(parsed["first_eval_loss"], 3.5);
  running->signal(SIGTERM);
  running->wait();
}

TEST(ListProgramTest, ListsRunsAndTellsOfBrokenOnes) {
  Program program;
  program.temper(program.run_arguments({"--name", "first"}));
  program.temper(program.run_arguments({"--name", "second"}));
  testing::write_file(program.runs() / "broken" / "run.json", "{\"version\": 1");
  const ProgramResult text = program.temper({"list", "--runs", program.runs()});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.output, AllOf(HasSubstr("first-"), HasSubstr("second-"), HasSubstr("3/100"),
                                 HasSubstr("broken/run.json")));
  EXPECT_LT(text.output.find("first-"), text.output.find("second-"));
}

TEST(ListProgramTest, SaysThatThereAreNone) {
  Program program;
  const ProgramResult result = program.temper({"list", "--runs", program.runs()});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.output, HasSubstr("no runs"));
}

TEST(FindRunProgramTest, AsksForTheWholeIdWhereANameIsNotEnough) {
  Program program;
  program.temper(program.run_arguments());
  program.temper(program.run_arguments());
  const ProgramResult result = program.temper({"status", "tiny", "--runs", program.runs()});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("several runs are called 'tiny'"));
}

TEST(LogsProgramTest, PrintsTheLastLinesOfTheLastAttempt) {
  Program program("say=old exit=75\nsay=one say=two say=three");
  program.temper(program.run_arguments());
  const ProgramResult all = program.temper({"logs", program.run().root});
  EXPECT_EQ(all.output, "one\ntwo\nthree\n");
  EXPECT_EQ(program.temper({"logs", program.run().root, "-n", "1"}).output, "three\n");
}

TEST(LogsProgramTest, FollowsUntilTheRunEnds) {
  Program program("say=before steps=1..5 hang say=after exit=85");
  const auto running = program.start(program.run_arguments());
  program.wait_for_step(5);
  const auto follower = program.start({"logs", program.run().root, "--follow"});
  program.wait_until([&] { return program.output().find("before") != std::string::npos; });
  running->signal(SIGTERM);
  EXPECT_EQ(running->wait().code, 85);
  EXPECT_EQ(follower->wait().code, 0);
  EXPECT_THAT(program.output(), HasSubstr("after"));
}

TEST(LogsProgramTest, NamesTheRankThatHasNoLog) {
  Program program;
  program.temper(program.run_arguments());
  const ProgramResult result = program.temper({"logs", program.run().root, "--rank", "7"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("no log of rank 7"));
}

}  // namespace
}  // namespace temper::launch
