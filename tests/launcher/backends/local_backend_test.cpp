#include "launcher/backends/local_backend.h"

#include <gmock/gmock.h>

#include "core/base/error.h"
#include "launcher/backends/process_identity.h"
#include "tests/support/fake_process_runner.h"

namespace temper::launch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class LocalBackendTest : public ::testing::Test {
 protected:
  run::RunRecord running_here() const {
    const ProcessIdentity self = this_process();
    run::RunRecord record;
    record.id = "run-1";
    record.state = run::RunState::kRunning;
    record.host = self.host;
    record.supervisor_pid = self.pid;
    record.supervisor_start = self.start_ticks;
    return record;
  }

  testing::FakeProcessRunner runner_;
  LocalBackend backend_{runner_};
};

TEST_F(LocalBackendTest, RendersTheCommandThatItWouldStart) {
  JobSpec spec;
  spec.launch.trainer = "/bin/temper-trainer";
  spec.launch.run_dir = "/runs/r";
  EXPECT_THAT(backend_.render(spec).commands,
              ElementsAre(StartsWith("/bin/temper-trainer --run /runs/r")));
}

TEST_F(LocalBackendTest, SubmitsToTheBackground) {
  runner_.script({});
  JobSpec spec;
  spec.program = "/bin/temper";
  spec.place = "/runs/r";
  spec.launch.run_dir = "/runs/r";
  EXPECT_EQ(backend_.submit(spec), "");
  EXPECT_THAT(runner_.commands().at(0).argv,
              ElementsAre("setsid", "--fork", "/bin/temper", "attend", "/runs/r"));
  EXPECT_EQ(runner_.commands().at(0).output, "/runs/r/logs/launcher.log");
}

TEST_F(LocalBackendTest, BelievesARecordWhoseSupervisorLives) {
  EXPECT_EQ(backend_.state(running_here()).state, run::RunState::kRunning);
}

TEST_F(LocalBackendTest, NoticesADeadSupervisor) {
  run::RunRecord record = running_here();
  record.supervisor_start += 1;
  const BackendState state = backend_.state(record);
  EXPECT_EQ(state.state, run::RunState::kFailed);
  EXPECT_THAT(state.note, HasSubstr("temper resume run-1"));
}

TEST_F(LocalBackendTest, DoesNotMistakeARunThatIsAboutToStartForADeadOne) {
  run::RunRecord record = running_here();
  record.state = run::RunState::kPending;
  record.supervisor_pid = 0;
  EXPECT_EQ(backend_.state(record).state, run::RunState::kPending);
}

TEST_F(LocalBackendTest, KeepsAFinishedState) {
  run::RunRecord record = running_here();
  record.state = run::RunState::kDone;
  record.supervisor_start += 1;
  EXPECT_EQ(backend_.state(record).state, run::RunState::kDone);
}

TEST_F(LocalBackendTest, CannotCancelARunOfADeadSupervisor) {
  run::RunRecord record = running_here();
  record.supervisor_start += 1;
  EXPECT_THROW(backend_.cancel(record), UserError);
}

TEST_F(LocalBackendTest, CannotCancelARunOfAnotherHost) {
  run::RunRecord record = running_here();
  record.host += "-other";
  try {
    backend_.cancel(record);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr(record.host));
  }
}

}  // namespace
}  // namespace temper::launch
