#include "launcher/backends/slurm/slurm_backend.h"

#include <gmock/gmock.h>

#include <fstream>

#include "core/base/error.h"
#include "tests/launcher/backends/backend_scenario.h"
#include "tests/launcher/backends/slurm/example_job.h"
#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

using run::RunState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class SlurmBackendTest : public ::testing::Test, protected AnsweringPrograms {
 protected:
  static run::RunRecord running() { return running_record("slurm", "12"); }

  const JobSpec spec_ = example_slurm_job();
  SlurmBackend backend_{runner};
};

TEST_F(SlurmBackendTest, RendersScriptAndCommands) {
  const RenderedJob job = backend_.render(spec_);
  EXPECT_THAT(job.commands, ElementsAre("sbatch --parsable /shared/runs/tiny-0a1b2c3d/job.sbatch",
                                        HasSubstr("srun --mpi=pmix")));
  ASSERT_THAT(job.files, SizeIs(1));
  EXPECT_EQ(job.files[0].name, "job.sbatch");
}

TEST_F(SlurmBackendTest, RehearsesWithTheScriptThatItWouldSend) {
  using Answer = Rehearsal::Answer;
  testing::ScriptedProcess process;
  process.on_start = [this](const Command& command) {
    EXPECT_EQ(command.argv.at(1), "--test-only");
    EXPECT_EQ(testing::read_file(command.argv.at(2)), backend_.render(spec_).files[0].content);
    std::ofstream(command.errors, std::ios::app) << "sbatch: Job 7 to start at 2026-12-01T08:00\n";
  };
  runner.script(process);
  const Rehearsal taken = *backend_.rehearse(spec_);
  EXPECT_EQ(taken.answer, Answer::kTakes);
  EXPECT_THAT(taken.words, HasSubstr("to start at 2026-12-01"));
  answer("", 1, "allocation failure: Requested node configuration is not available\n");
  EXPECT_EQ(backend_.rehearse(spec_)->answer, Answer::kRefuses);
  answer("", 1, "sbatch: error: Unable to contact slurm controller (connect failure)\n");
  EXPECT_EQ(backend_.rehearse(spec_)->answer, Answer::kSilent);
}

TEST_F(SlurmBackendTest, SubmitsOnceNothingOfThatNameIsThere) {
  answer("");
  answer("41\n");
  EXPECT_EQ(backend_.submit(spec_), "41");
  EXPECT_EQ(command(0), "squeue --noheader --me --name=tiny-0a1b2c3d --format=%F");
  EXPECT_EQ(command(1), "sbatch --parsable /shared/runs/tiny-0a1b2c3d/job.sbatch");
}

TEST_F(SlurmBackendTest, ARepeatedSubmitFindsTheFirstJob) {
  answer("41\n");
  EXPECT_EQ(backend_.submit(spec_), "41");
  EXPECT_THAT(runner.commands(), SizeIs(1));
}

TEST_F(SlurmBackendTest, ALostAnswerIsLookedForBeforeAnythingElse) {
  answer("");
  answer("", 1, "sbatch: error: Socket timed out on send/recv operation\n");
  answer("41\n");
  EXPECT_EQ(backend_.submit(spec_), "41");
}

TEST_F(SlurmBackendTest, PassesSbatchsWordsOn) {
  answer("");
  answer("", 1, "sbatch: error: invalid partition specified: gpux\nsbatch: error: more\n");
  answer("");
  try {
    backend_.submit(spec_);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("invalid partition specified: gpux"));
  }
}

TEST_F(SlurmBackendTest, AMissingSbatchIsTheUsersError) {
  answer_not_installed("squeue");
  EXPECT_THROW(backend_.submit(spec_), UserError);
}

TEST_F(SlurmBackendTest, AsksSqueueForTheState) {
  answer("RUNNING|None\n");
  EXPECT_EQ(backend_.state(running()).state, RunState::kRunning);
}

TEST_F(SlurmBackendTest, AsksScontrolAndThenSacctForAnOlderJob) {
  answer("", 1, "slurm_load_jobs error: Invalid job id specified\n");
  answer("", 1, "slurm_load_jobs error: Invalid job id specified\n");
  answer("TIMEOUT|None\n");
  const BackendState state = backend_.state(running());
  EXPECT_EQ(state.state, RunState::kFailed);
  EXPECT_THAT(state.note, HasSubstr("TIMEOUT"));
}

TEST_F(SlurmBackendTest, ASiteWithoutSacctForgets) {
  answer("");
  answer("", 1, "slurm_load_jobs error: Invalid job id specified\n");
  answer_not_installed("sacct");
  EXPECT_THAT(backend_.state(running()).note, HasSubstr("no longer knows job 12"));
}

TEST_F(SlurmBackendTest, KeepsTheRecordWhileSlurmCannotBeAsked) {
  answer("", 1, "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n");
  const BackendState state = backend_.state(running());
  EXPECT_EQ(state.state, RunState::kRunning);
  EXPECT_THAT(state.note, HasSubstr("Unable to contact slurm controller"));
}

TEST_F(SlurmBackendTest, AFinishedRunIsNotAskedFor) {
  run::RunRecord done = running();
  done.state = RunState::kDone;
  EXPECT_EQ(backend_.state(done).state, RunState::kDone);
  EXPECT_THAT(runner.commands(), SizeIs(0));
}

TEST_F(SlurmBackendTest, ARunThatWasNeverConfirmedSaysSo) {
  run::RunRecord record = running();
  record.state = RunState::kPending;
  record.job.clear();
  EXPECT_THAT(backend_.state(record).note, HasSubstr("temper submit"));
}

TEST_F(SlurmBackendTest, CancelAsksARunningJobToSave) {
  answer("RUNNING|None\n");
  answer("");
  backend_.cancel(running());
  EXPECT_EQ(command(1), "scancel --signal=USR2 --batch 12");
}

TEST_F(SlurmBackendTest, CancelTakesAWaitingJobOutOfTheQueue) {
  answer("PENDING|Resources\n");
  answer("");
  backend_.cancel(running());
  EXPECT_EQ(command(1), "scancel 12");
}

TEST_F(SlurmBackendTest, CancelPassesScancelsWordsOn) {
  answer("RUNNING|None\n");
  answer("", 1, "scancel: error: Kill job error on job id 12: Access/permission denied\n");
  try {
    backend_.cancel(running());
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Access/permission denied"));
  }
}

TEST_F(SlurmBackendTest, ChoosesSrunWhereItHasThePlugin) {
  const recipe::Slurm slurm;
  answer(
      "MPI plugin types are...\n\tnone\n\tpmix\n\tpmi2\nspecific pmix plugin versions: pmix_v4\n");
  EXPECT_EQ(choose_starter(runner, slurm), recipe::RankStarter::kSrun);
  answer("", 0, "srun: MPI types are...\nsrun: none\nsrun: pmi2\n");
  EXPECT_EQ(choose_starter(runner, slurm), recipe::RankStarter::kMpirun);
}

TEST_F(SlurmBackendTest, TheClusterFileChoosesTheStarter) {
  recipe::Slurm slurm;
  slurm.starter = recipe::RankStarter::kMpirun;
  EXPECT_EQ(choose_starter(runner, slurm), recipe::RankStarter::kMpirun);
  EXPECT_THAT(runner.commands(), SizeIs(0));
}

}  // namespace
}  // namespace temper::launch
