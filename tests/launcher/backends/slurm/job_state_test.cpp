#include "launcher/backends/slurm/job_state.h"

#include <gmock/gmock.h>

namespace temper::launch {
namespace {

using run::RunState;
using ::testing::HasSubstr;

run::RunRecord record_of(RunState state) {
  run::RunRecord record;
  record.id = "tiny-1";
  record.backend = "slurm";
  record.job = "12";
  record.state = state;
  record.message = "as written";
  return record;
}

TEST(JobStateTest, ReadsWhatSqueuePrints) {
  EXPECT_EQ(parse_job_line("PENDING|Resources\n"), (SlurmJob{"PENDING", "Resources"}));
  EXPECT_EQ(parse_job_line("RUNNING|None\n"), (SlurmJob{"RUNNING", ""}));
  EXPECT_EQ(parse_job_line("warning: slow\n\nCANCELLED by 1000|None"), (SlurmJob{"CANCELLED", ""}));
  EXPECT_EQ(parse_job_line(""), std::nullopt);
  EXPECT_EQ(parse_job_line("PENDING"), std::nullopt);
}

TEST(JobStateTest, ReadsWhatScontrolPrints) {
  EXPECT_EQ(
      parse_scontrol_job("JobId=12 JobName=x UserId=root(0) JobState=NODE_FAIL Reason=NodeDown "
                         "Dependency=(null) Requeue=1\n"),
      (SlurmJob{"NODE_FAIL", "NodeDown"}));
  EXPECT_EQ(parse_scontrol_job("JobId=12 JobState=COMPLETED Reason=None Dependency=(null)"),
            (SlurmJob{"COMPLETED", ""}));
  EXPECT_EQ(parse_scontrol_job("slurm_load_jobs error: Invalid job id specified"), std::nullopt);
}

TEST(JobStateTest, ReadsTheIdFromSbatchsAnswer) {
  EXPECT_EQ(parse_sbatch_answer("12\n"), "12");
  EXPECT_EQ(parse_sbatch_answer("12;cluster\n"), "12");
  EXPECT_EQ(parse_sbatch_answer("sbatch: 1 warning\n345\n"), "345");
  EXPECT_EQ(parse_sbatch_answer("Submitted batch job\n"), std::nullopt);
  EXPECT_EQ(parse_sbatch_answer(std::string(40, '9')), std::nullopt);
  EXPECT_EQ(parse_sbatch_answer(""), std::nullopt);
}

TEST(JobStateTest, EveryTruncationIsNoCrash) {
  const std::string lines = "CANCELLED by 1000|Reason of|it\n12;cluster\nJobState=X Reason=y z";
  for (std::size_t length = 0; length <= lines.size(); ++length) {
    parse_job_line(lines.substr(0, length));
    parse_scontrol_job(lines.substr(0, length));
    parse_sbatch_answer(lines.substr(0, length));
  }
}

TEST(JobStateTest, TheRunsOwnEndStands) {
  EXPECT_EQ(state_of_job(record_of(RunState::kDone), std::nullopt).state, RunState::kDone);
  EXPECT_EQ(state_of_job(record_of(RunState::kFailed), SlurmJob{"RUNNING", ""}).note, "as written");
}

TEST(JobStateTest, AWaitingJobIsPendingWhateverTheRecordSays) {
  const BackendState state =
      state_of_job(record_of(RunState::kRunning), SlurmJob{"PENDING", "BeginTime"});
  EXPECT_EQ(state.state, RunState::kPending);
  EXPECT_EQ(state.note, "Slurm job 12 PENDING (BeginTime)");
}

TEST(JobStateTest, AHeldJobNamesTheWayOn) {
  EXPECT_THAT(state_of_job(record_of(RunState::kPending), SlurmJob{"PENDING", "JobHeldAdmin"}).note,
              HasSubstr("scontrol release 12"));
}

TEST(JobStateTest, AJobThatEndedBeforeItsRunFailed) {
  for (const char* state : {"NODE_FAIL", "TIMEOUT", "OUT_OF_MEMORY", "FAILED", "COMPLETED",
                            "BOOT_FAIL", "DEADLINE", "PREEMPTED", "SOMETHING_NEW"}) {
    const BackendState seen = state_of_job(record_of(RunState::kRunning), SlurmJob{state, ""});
    EXPECT_EQ(seen.state, RunState::kFailed) << state;
    EXPECT_THAT(seen.note, HasSubstr(state));
    EXPECT_THAT(seen.note, HasSubstr("temper resume tiny-1"));
  }
}

TEST(JobStateTest, ACancelledJobIsStopped) {
  EXPECT_EQ(state_of_job(record_of(RunState::kPending), SlurmJob{"CANCELLED", ""}).state,
            RunState::kStopped);
}

TEST(JobStateTest, AForgottenJobIsNotTakenForARunningOne) {
  const BackendState state = state_of_job(record_of(RunState::kRunning), std::nullopt);
  EXPECT_EQ(state.state, RunState::kFailed);
  EXPECT_THAT(state.note, HasSubstr("no longer knows job 12"));
}

}  // namespace
}  // namespace temper::launch
