#include "launcher/backends/kubernetes/kubernetes_backend.h"

#include <gmock/gmock.h>

#include "core/base/error.h"
#include "tests/launcher/backends/backend_scenario.h"

namespace temper::launch {
namespace {

using run::RunState;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

recipe::Cluster example_cluster() {
  recipe::Cluster cluster;
  cluster.kind = recipe::ClusterKind::kKubernetes;
  cluster.ranks = 1;
  cluster.resources.cpus = 2;
  cluster.kubernetes.image = "temper";
  cluster.kubernetes.context = "test";
  cluster.kubernetes.name_space = "lab";
  return cluster;
}

class KubernetesBackendTest : public ::testing::Test, protected AnsweringPrograms {
 protected:
  static JobSpec spec() { return bucket_job(example_cluster()); }
  static run::RunRecord running() { return running_record("kubernetes", ""); }

  KubernetesBackend backend_{example_cluster(), runner};
};

TEST_F(KubernetesBackendTest, CreatesTheJobInItsContextAndNamespace) {
  answer("jobset.jobset.x-k8s.io/tiny-0a1b2c3d created\n");
  EXPECT_EQ(backend_.submit(spec()), "tiny-0a1b2c3d");
  EXPECT_EQ(command(0),
            "kubectl --context=test --namespace=lab create "
            "--filename=/cache/tiny-0a1b2c3d/job.yaml");
}

TEST_F(KubernetesBackendTest, RehearsesOnTheServerAlone) {
  using Answer = Rehearsal::Answer;
  answer("jobset.jobset.x-k8s.io/tiny-0a1b2c3d created (server dry run)\n");
  EXPECT_EQ(backend_.rehearse(spec())->answer, Answer::kTakes);
  EXPECT_THAT(command(0), HasSubstr("create --dry-run=server"));
  answer("", 1, "Error from server (Forbidden): exceeded quota: compute\n");
  const Rehearsal refused = *backend_.rehearse(spec());
  EXPECT_EQ(refused.answer, Answer::kRefuses);
  EXPECT_THAT(refused.words, HasSubstr("exceeded quota"));
  answer("", 1, "Unable to connect to the server: dial tcp: i/o timeout\n");
  EXPECT_EQ(backend_.rehearse(spec())->answer, Answer::kSilent);
}

TEST_F(KubernetesBackendTest, ARepeatedSubmitFindsTheFirstJob) {
  answer("", 1, "Error from server (AlreadyExists): jobsets \"tiny-0a1b2c3d\" already exists\n");
  answer("{\"status\": {}}");
  answer("{\"items\": []}");
  EXPECT_EQ(backend_.submit(spec()), "tiny-0a1b2c3d");
  EXPECT_THAT(runner.commands(), SizeIs(3));
}

TEST_F(KubernetesBackendTest, AnEndedJobMakesRoomForItsResume) {
  answer("", 1, "Error from server (AlreadyExists): it already exists\n");
  answer(R"({"status": {"conditions": [{"type": "Failed", "status": "True"}]}})");
  answer("");
  answer("created\n");
  EXPECT_EQ(backend_.submit(spec()), "tiny-0a1b2c3d");
  EXPECT_THAT(command(2), HasSubstr("delete jobset tiny-0a1b2c3d"));
}

TEST_F(KubernetesBackendTest, ALostAnswerIsLookedFor) {
  answer("", 1, "Unable to connect to the server: net/http: TLS handshake timeout\n");
  answer("jobset.jobset.x-k8s.io/tiny-0a1b2c3d\n");
  EXPECT_EQ(backend_.submit(spec()), "tiny-0a1b2c3d");
}

TEST_F(KubernetesBackendTest, PassesKubectlsWordsOn) {
  for (const char* words :
       {"error: context \"test\" does not exist",
        "Error from server (Forbidden): exceeded quota: compute, requested: cpu=2",
        "error: resource mapping not found for kind \"JobSet\""}) {
    answer("", 1, std::string(words) + "\n");
    answer("", 1, words);
    try {
      backend_.submit(spec());
      FAIL() << "no error";
    } catch (const UserError& error) {
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
  }
}

TEST_F(KubernetesBackendTest, AsksForJobAndPods) {
  answer("{\"status\": {}}");
  answer(R"({"items": [{"status": {"phase": "Running"}}]})");
  EXPECT_EQ(backend_.state(running()).state, RunState::kRunning);
  EXPECT_THAT(command(1), HasSubstr("get pods --selector=temper-run=tiny-0a1b2c3d"));
}

TEST_F(KubernetesBackendTest, AsksForEventsWhereNoPodSaysWhyItWaits) {
  answer("{\"status\": {}}");
  answer("{\"items\": []}");
  answer(R"({"items": [{"type": "Warning", "reason": "FailedCreate", "message": "exceeded quota",
      "involvedObject": {"name": "tiny-0a1b2c3d-worker-0"}}]})");
  const BackendState state = backend_.state(running());
  EXPECT_EQ(state.state, RunState::kPending);
  EXPECT_THAT(state.note, HasSubstr("exceeded quota"));
}

TEST_F(KubernetesBackendTest, AMissingKubectlIsTheUsersErrorAndLeavesTheRecord) {
  testing::ScriptedProcess absent;
  absent.start_error = "cannot start kubectl: No such file or directory";
  runner.script(absent);
  EXPECT_THROW(backend_.submit(spec()), UserError);
  runner.script(absent);
  const BackendState state = backend_.state(running());
  EXPECT_EQ(state.state, RunState::kRunning);
  EXPECT_THAT(state.note, HasSubstr("cannot start kubectl"));
}

TEST_F(KubernetesBackendTest, AForgottenJobIsNotRunning) {
  answer("");
  EXPECT_THAT(backend_.state(running()).note, HasSubstr("no longer knows"));
}

TEST_F(KubernetesBackendTest, KeepsTheRecordWhileTheServerCannotBeAsked) {
  answer("", 1, "The connection to the server localhost:1 was refused\n");
  const BackendState state = backend_.state(running());
  EXPECT_EQ(state.state, RunState::kRunning);
  EXPECT_THAT(state.note, HasSubstr("was refused"));
}

TEST_F(KubernetesBackendTest, CancelDeletesTheJobAndWaitsForItsPods) {
  answer("");
  backend_.cancel(running());
  EXPECT_THAT(command(0),
              HasSubstr("delete jobset tiny-0a1b2c3d --wait=true --cascade=foreground"));
}

TEST_F(KubernetesBackendTest, LogsComeFromThePods) {
  EXPECT_THAT(shell_line(backend_.log_command(running())),
              StartsWith("kubectl --context=test --namespace=lab logs --tail=-1"));
}

}  // namespace
}  // namespace temper::launch
