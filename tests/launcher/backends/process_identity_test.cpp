#include "launcher/backends/process_identity.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "core/base/process_runner.h"

namespace temper::launch {
namespace {

TEST(ProcessIdentityTest, ThisProcessIsAlive) {
  const ProcessIdentity self = this_process();
  EXPECT_GT(self.start_ticks, 0U);
  EXPECT_EQ(liveness_of(self), Liveness::kAlive);
}

TEST(ProcessIdentityTest, AnotherProcessWithTheSamePidIsNotMistakenForIt) {
  ProcessIdentity other = this_process();
  other.start_ticks += 1;
  EXPECT_EQ(liveness_of(other), Liveness::kDead);
  EXPECT_FALSE(send_signal(other, SIGKILL));
}

TEST(ProcessIdentityTest, NobodyCanTellAboutAnotherHost) {
  ProcessIdentity elsewhere = this_process();
  elsewhere.host += "-other";
  EXPECT_EQ(liveness_of(elsewhere), Liveness::kOtherHost);
  EXPECT_FALSE(send_signal(elsewhere, SIGKILL));
}

TEST(ProcessIdentityTest, AnEndedProcessIsDeadEvenBeforeItIsWaitedFor) {
  SystemProcessRunner runner;
  Command command;
  command.argv = {"sleep", "60"};
  const auto process = runner.start(command);
  ProcessIdentity child = this_process();
  child.pid = process->pid();
  child.start_ticks = start_ticks_of(child.pid).value();
  EXPECT_EQ(liveness_of(child), Liveness::kAlive);
  EXPECT_TRUE(send_signal(child, SIGKILL));
  while (liveness_of(child) == Liveness::kAlive) {
  }
  EXPECT_EQ(liveness_of(child), Liveness::kDead);
  EXPECT_EQ(process->wait().code, 128 + SIGKILL);
}

}  // namespace
}  // namespace temper::launch
