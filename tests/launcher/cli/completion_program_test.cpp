#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "tests/launcher/cli/program.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

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

  static bool is_installed(const std::string& shell) {
    return run({"sh", "-c", "command -v " + shell}, "/dev/null") == 0;
  }

  /// What fish offers at the end of `line`, a line each.
  std::string fish_offers(const std::string& line) {
    write_script("fish");
    return printed({"fish", "--no-config", "-c",
                    "cd " + folder() + "; source completion.fish; complete -C\"" + line + "\""});
  }

  /// What a terminal's zsh makes of each line and the tab key: the words behind `temper`, a line
  /// each.
  std::string zsh_completes(const std::vector<std::string>& lines) {
    write_script("zsh");
    testing::write_file(program_.file("typed.zsh"), R"(
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell 'autoload -U compinit && compinit -u -D && source completion.zsh'
zpty -w shell 'temper() { print -r -- "${(j: :)@}" > completed }; print READY > completed'
wait_for_words() { repeat 2000; do [[ -s completed ]] && break; sleep 0.01; done }
wait_for_words
for line in "$@"; do
  rm completed
  zpty -n -w shell "$line"$'\t'$'\n'
  wait_for_words
  cat completed
done
)");
    std::filesystem::remove(program_.file("completed"));
    std::string command = "cd " + folder() + " && exec zsh -f typed.zsh";
    for (const std::string& line : lines) {
      command += " '" + line + "'";
    }
    return printed({"sh", "-c", command});
  }

  std::string folder() const { return program_.runs().parent_path().string(); }

  void write_script(const std::string& shell) {
    std::filesystem::create_directories(program_.runs() / "tiny-1");
    testing::write_file(program_.file("completion." + shell),
                        program_.temper({"completion", shell}).output);
  }

  static int run(const std::vector<std::string>& argv, const std::filesystem::path& output) {
    Command command;
    command.argv = argv;
    command.output = output;
    return SystemProcessRunner().start(command)->wait().code;
  }

  std::string printed(const std::vector<std::string>& argv) {
    const auto output = program_.file("offered");
    std::filesystem::remove(output);
    EXPECT_EQ(run(argv, output), 0) << testing::read_file(output);
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

TEST_F(CompletionProgramTest, FishOffersVerbsOptionsAndRuns) {
  if (!is_installed("fish")) {
    GTEST_SKIP() << "fish is not installed (scripts/setup.sh --test-tools)";
  }
  EXPECT_THAT(fish_offers("temper sub"), StartsWith("submit\tHand a run"));
  EXPECT_THAT(fish_offers("temper submit recipe.yaml --sw"), StartsWith("--sweep"));
  EXPECT_THAT(fish_offers("temper status ti"), HasSubstr("tiny-1"));
  EXPECT_THAT(fish_offers("temper logs --"),
              AllOf(HasSubstr("--since"), Not(HasSubstr("--sweep"))));
}

TEST_F(CompletionProgramTest, ZshCompletesVerbsOptionsAndRuns) {
  if (!is_installed("zsh")) {
    GTEST_SKIP() << "zsh is not installed (scripts/setup.sh --test-tools)";
  }
  EXPECT_EQ(zsh_completes({"temper subm", "temper submit recipe.yaml --sw", "temper status tin",
                           "temper data che"}),
            "submit\nsubmit recipe.yaml --sweep\nstatus tiny-1\ndata check\n");
}

TEST_F(CompletionProgramTest, AnotherShellIsRefused) {
  const ProgramResult result = program_.temper({"completion", "tcsh"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("bash, zsh, fish"));
}

}  // namespace
}  // namespace temper::launch
