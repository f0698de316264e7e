#include "launcher/backends/kubernetes/job_conditions.h"

#include <gmock/gmock.h>

#include "core/base/error.h"

namespace temper::launch {
namespace {

using Phase = KubernetesJob::Phase;
using run::RunState;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kFailed =
    R"({"kind": "JobSet", "status": {"conditions": [
        {"type": "StartupPolicyCompleted", "status": "True"},
        {"type": "Failed", "status": "True", "reason": "FailJobSetFailurePolicyAction",
         "message": "Container worker failed with exit code 78"}]}})";

TEST(JobConditionsTest, ReadsTheConditionsOfEveryKind) {
  for (const char* type : {"Completed", "Complete", "Succeeded"}) {
    const std::string json = std::string(R"({"status": {"conditions": [{"type": ")") + type +
                             R"(", "status": "True"}]}})";
    EXPECT_EQ(parse_job_object(json).phase, Phase::kSucceeded) << type;
  }
  EXPECT_EQ(parse_job_object(kFailed).phase, Phase::kFailed);
  EXPECT_THAT(parse_job_object(kFailed).reason, HasSubstr("exit code 78"));
  EXPECT_EQ(parse_job_object(R"({"status": {"conditions": [
      {"type": "Failed", "status": "False"}]}})")
                .phase,
            Phase::kWaiting);
  EXPECT_EQ(parse_job_object("{}").phase, Phase::kWaiting);
}

TEST(JobConditionsTest, AQueueSaysWhyItWaits) {
  EXPECT_THAT(parse_job_object(R"({"status": {"conditions": [{"type": "Suspended",
      "status": "True", "reason": "SuspendedJobs", "message": "jobset is suspended"}]}})")
                  .reason,
              HasSubstr("jobset is suspended"));
}

TEST(JobConditionsTest, PodsSayWhyTheyWait) {
  KubernetesJob job;
  add_pods(R"({"items": [{"metadata": {"name": "r-w-0-0"}, "status": {"phase": "Pending",
      "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff",
      "message": "Back-off pulling image \"x\""}}}]}}]})",
           job);
  EXPECT_EQ(job.phase, Phase::kWaiting);
  EXPECT_THAT(job.reason, HasSubstr("r-w-0-0: ImagePullBackOff"));
  KubernetesJob unschedulable;
  add_pods(R"({"items": [{"metadata": {"name": "p"}, "status": {"phase": "Pending", "conditions":
      [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
      "message": "0/3 nodes are available: 3 Insufficient cpu."}]}}]})",
           unschedulable);
  EXPECT_THAT(unschedulable.reason, HasSubstr("Insufficient cpu"));
}

TEST(JobConditionsTest, EventsSayWhyPodsCannotBeMade) {
  KubernetesJob job;
  add_warning(R"({"items": [
      {"type": "Warning", "reason": "FailedCreate", "involvedObject": {"name": "tiny-1-workers-0"},
       "message": "pods \"tiny-1-workers-0-0\" is forbidden: exceeded quota: compute"},
      {"type": "Warning", "reason": "Unhealthy", "involvedObject": {"name": "tiny-10"}},
      {"type": "Normal", "reason": "Pulling", "involvedObject": {"name": "tiny-1-workers-0"}}]})",
              "tiny-1", job);
  EXPECT_THAT(job.reason, AllOf(HasSubstr("tiny-1-workers-0: FailedCreate"),
                                HasSubstr("exceeded quota: compute")));
  add_warning(R"({"items": 7})", "tiny-1", job);
  add_warning("{}", "tiny-1", job);
}

TEST(JobConditionsTest, ARunningPodIsARunningJob) {
  KubernetesJob job;
  add_pods(R"({"items": [{"metadata": {"name": "p"}, "status": {"phase": "Running"}}]})", job);
  EXPECT_EQ(job.phase, Phase::kActive);
}

TEST(JobConditionsTest, EveryTruncationIsExplained) {
  const std::string whole = kFailed;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(parse_job_object(whole.substr(0, length)), UserError) << length;
  }
}

TEST(JobConditionsTest, OtherShapesAreNoConditions) {
  for (const char* json :
       {R"({"status": 7})", R"({"status": {"conditions": {}}})",
        R"({"status": {"conditions": [1, null, {"type": 3, "status": true}]}})"}) {
    EXPECT_EQ(parse_job_object(json).phase, Phase::kWaiting) << json;
    KubernetesJob job;
    add_pods(json, job);
    add_pods(R"({"items": [1, {"status": {"containerStatuses": 4, "conditions": "x"}}]})", job);
  }
}

TEST(JobConditionsTest, TheRunsOwnEndStands) {
  run::RunRecord record;
  record.state = RunState::kDone;
  EXPECT_EQ(state_of_job(record, std::nullopt).state, RunState::kDone);
  record.state = RunState::kRunning;
  EXPECT_EQ(state_of_job(record, std::nullopt).state, RunState::kFailed);
  EXPECT_EQ(state_of_job(record, KubernetesJob{Phase::kActive, ""}).state, RunState::kRunning);
  EXPECT_EQ(state_of_job(record, KubernetesJob{Phase::kWaiting, ""}).state, RunState::kPending);
  EXPECT_EQ(state_of_job(record, KubernetesJob{Phase::kFailed, "x"}).state, RunState::kFailed);
}

}  // namespace
}  // namespace temper::launch
