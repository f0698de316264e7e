#include "core/base/process_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "core/base/error.h"
#include "tests/support/temporary_directory.h"

namespace temper {
namespace {

class ProcessRunnerTest : public ::testing::Test {
 protected:
  Command shell(const std::string& script) const {
    return {.argv = {"sh", "-c", script}, .environment = {}, .output = output_};
  }

  /// Waits, as no event tells, until `done`; gives up after ten seconds.
  template <typename Condition>
  static bool wait_until(const Condition& done) {
    for (int i = 0; i < 2000 && !done(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return done();
  }

  std::string output() const { return testing::read_file(output_); }

  testing::TemporaryDirectory folder_;
  const std::filesystem::path output_ = folder_ / "output";
  SystemProcessRunner runner_;
};

TEST_F(ProcessRunnerTest, TellsTheExitCode) {
  const auto process = runner_.start(shell("exit 75"));
  EXPECT_EQ(process->wait(), ExitStatus{75});
  EXPECT_EQ(process->wait(), ExitStatus{75});
  EXPECT_EQ(process->poll(), ExitStatus{75});
}

TEST_F(ProcessRunnerTest, TellsTheSignalThatEndedIt) {
  EXPECT_EQ(runner_.start(shell("kill -9 $$"))->wait(), ExitStatus{128 + SIGKILL});
}

TEST_F(ProcessRunnerTest, PollDoesNotWait) {
  const auto process = runner_.start(shell("read line < /dev/null; exec sleep 1000"));
  EXPECT_EQ(process->poll(), std::nullopt);
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(), ExitStatus{128 + SIGTERM});
  process->signal(SIGTERM);  // has ended: nothing happens
}

TEST_F(ProcessRunnerTest, AppendsBothOutputs) {
  testing::write_file(output_, "before\n");
  runner_.start(shell("echo out; echo err >&2"))->wait();
  EXPECT_EQ(output(), "before\nout\nerr\n");
}

TEST_F(ProcessRunnerTest, KeepsErrorsApartWhereAsked) {
  Command command = shell("echo out; echo error >&2");
  command.errors = folder_ / "errors";
  EXPECT_EQ(runner_.start(command)->wait(), ExitStatus{0});
  EXPECT_EQ(output(), "out\n");
  EXPECT_EQ(testing::read_file(command.errors), "error\n");
}

TEST_F(ProcessRunnerTest, HandsArgumentsOverUnchanged) {
  const Command command{
      .argv = {"printf", "%s|%s|%s", "a b", "", "$HOME \"'"}, .environment = {}, .output = output_};
  EXPECT_EQ(runner_.start(command)->wait(), ExitStatus{0});
  EXPECT_EQ(output(), "a b||$HOME \"'");
}

TEST_F(ProcessRunnerTest, AddsToTheEnvironment) {
  ::setenv("TEMPER_TEST_OURS", "ours", 1);
  ::setenv("TEMPER_TEST_BOTH", "ours", 1);
  Command command = shell("echo $TEMPER_TEST_OURS $TEMPER_TEST_BOTH $TEMPER_TEST_ADDED");
  command.environment = {{"TEMPER_TEST_BOTH", "given"}, {"TEMPER_TEST_ADDED", "added"}};
  runner_.start(command)->wait();
  ::unsetenv("TEMPER_TEST_OURS");
  ::unsetenv("TEMPER_TEST_BOTH");
  EXPECT_EQ(output(), "ours given added\n");
}

TEST_F(ProcessRunnerTest, RefusesAProgramThatIsNotThere) {
  try {
    runner_.start({.argv = {"temper-no-such-program"}, .environment = {}, .output = {}});
    ADD_FAILURE() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("temper-no-such-program"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("PATH"));
  }
}

TEST_F(ProcessRunnerTest, RefusesAProgramThatCannotRun) {
  testing::write_file(folder_ / "text", "not a program");
  EXPECT_THROW(
      runner_.start({.argv = {(folder_ / "text").string()}, .environment = {}, .output = {}}),
      UserError);
}

TEST_F(ProcessRunnerTest, RefusesAnOutputThatCannotBeOpened) {
  Command command = shell("true");
  command.output = folder_ / "absent/output";
  EXPECT_THROW(runner_.start(command), UserError);
}

TEST_F(ProcessRunnerTest, DestroyingKillsTheWholeGroup) {
  auto process = runner_.start(shell("sleep 1000 & echo $!; wait"));
  ASSERT_TRUE(wait_until([&] { return output().ends_with('\n'); }));
  const pid_t grandchild = std::stoi(output());
  ASSERT_EQ(::kill(grandchild, 0), 0);
  const pid_t child = process->pid();
  process.reset();
  EXPECT_NE(::kill(child, 0), 0);
  // Nobody may reap the orphan here, so a zombie counts as dead.
  EXPECT_TRUE(wait_until([&] {
    if (::kill(grandchild, 0) != 0) {
      return true;
    }
    const std::string status = testing::read_file("/proc/" + std::to_string(grandchild) + "/stat");
    return status.find(") Z ") != std::string::npos;
  }));
}

TEST_F(ProcessRunnerTest, SignalsOnlyTheProcessWithoutItsOwnGroup) {
  Command command = shell("exec sleep 1000");
  command.own_process_group = false;
  const auto process = runner_.start(command);
  EXPECT_EQ(::getpgid(process->pid()), ::getpgrp());
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(), ExitStatus{128 + SIGTERM});
}

TEST_F(ProcessRunnerTest, ChildStartsWithFreeSignals) {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto old_handler = ::signal(SIGUSR2, SIG_IGN);
  const ExitStatus by_blocked = runner_.start(shell("kill -TERM $$"))->wait();
  const ExitStatus by_ignored = runner_.start(shell("kill -USR2 $$"))->wait();
  ::signal(SIGUSR2, old_handler);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(by_blocked, ExitStatus{128 + SIGTERM});
  EXPECT_EQ(by_ignored, ExitStatus{128 + SIGUSR2});
}

}  // namespace
}  // namespace temper
