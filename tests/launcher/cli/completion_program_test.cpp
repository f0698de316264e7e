#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "tests/launcher/cli/program.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CompletionProgramTest : public ::testing::Test {
 protected:
  /// The words that bash offers at the end of `line`.
  std::string offered(const std::string& words, int position) {
    const ProgramResult script = program_.temper({"completion", "bash"});
    std::ofstream(program_.file("completion.bash")) << script.output;
    std::filesystem::create_directories(program_.runs() / "tiny-1");
    const auto output = program_.file("offered");
    std::filesystem::remove(output);
    Command bash;
    bash.argv = {"bash", "-c",
                 "cd " + program_.runs().parent_path().string() +
                     " && source completion.bash && COMP_WORDS=(" + words +
                     ") COMP_CWORD=" + std::to_string(position) +
                     " && _temper && printf '%s\\n' \"${COMPREPLY[@]}\""};
    bash.output = output;
    SystemProcessRunner runner;
    EXPECT_EQ(runner.start(bash)->wait().code, 0) << testing::read_file(output);
    return testing::read_file(output);
  }

  Program program_;
};

TEST_F(CompletionProgramTest, BashOffersVerbs) {
  EXPECT_EQ(offered("temper sub", 1), "submit\n");
  EXPECT_THAT(offered("temper ''", 1), AllOf(HasSubstr("plan\n"), HasSubstr("cancel\n")));
}

TEST_F(CompletionProgramTest, BashOffersAVerbsOptions) {
  EXPECT_EQ(offered("temper submit recipe.yaml --sw", 3), "--sweep\n");
  EXPECT_THAT(offered("temper logs --", 2),
              AllOf(HasSubstr("--since\n"), Not(HasSubstr("--sweep"))));
}

TEST_F(CompletionProgramTest, BashOffersRuns) {
  EXPECT_THAT(offered("temper status ti", 2), HasSubstr("tiny-1\n"));
}

TEST_F(CompletionProgramTest, TheOtherShellsKnowTheSameWords) {
  for (const char* shell : {"zsh", "fish"}) {
    const ProgramResult script = program_.temper({"completion", shell});
    EXPECT_EQ(script.code, 0);
    EXPECT_THAT(script.output, AllOf(HasSubstr("submit"), HasSubstr("sweep"))) << shell;
  }
}

TEST_F(CompletionProgramTest, AnotherShellIsRefused) {
  const ProgramResult result = program_.temper({"completion", "tcsh"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("bash, zsh, fish"));
}

}  // namespace
}  // namespace temper::launch
