"""Real kubectl, a small API server and pods as processes: rendered JobSets really train."""

import json
import shutil
import subprocess
import unittest

from remote_scenario import RemoteScenario
from scenario import SOURCE, USER_ERROR

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "%s"}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
users: [{name: test, user: {}}]
"""

CLUSTER = """\
kind: kubernetes
nodes: %d
ranks: %d
heartbeat_timeout_seconds: 3
resources: {cpus: 2}
runs: gs://test-bucket/runs
grace_seconds: 30
max_restarts: %d
backoff_seconds: 0.1
environment: {STORAGE_EMULATOR_HOST: "%s"}
kubernetes: {image: temper, api: %s}
"""


@unittest.skipUnless(shutil.which("kubectl"), "kubectl is not installed (scripts/setup.sh --test-tools)")
class KubernetesTest(RemoteScenario):
    EMULATOR = "kubernetes_api.py"

    def setUp(self):
        super().setUp()
        (self.folder / "kubeconfig").write_text(KUBECONFIG % self.scheduler_url)
        self.laptop["KUBECONFIG"] = str(self.folder / "kubeconfig")

    def cluster(self, api="jobset", restarts=3, nodes=1, ranks=2):
        file = self.folder / "cluster.yaml"
        file.write_text(CLUSTER % (nodes, ranks, restarts, self.endpoint, api))
        return file

    def test_a_jobset_trains_to_the_local_adapter(self):
        adapter = self.local()
        url = self.submitted("pods")
        self.temper("logs", "-f", url, env=self.laptop)
        self.wait_for(url, "done")
        self.assertEqual(self.bucket_adapter(url), adapter)
        self.assertIn("isn't running", self.temper("cancel", url, expect=USER_ERROR, env=self.laptop))

    def test_a_plain_job_trains_to_the_local_adapter(self):
        adapter = self.local()
        url = self.submitted("plain", api="job")
        self.wait_for(url, "done")
        self.assertEqual(self.bucket_adapter(url), adapter)

    def interrupted(self, door, pod=0, **options):
        return self.check_interrupted(lambda: self.ask(door, {"pod": pod}), **options)

    def test_an_evicted_pod_is_restarted_to_the_same_bits(self):
        self.interrupted("/_evict")

    def test_a_killed_pod_is_restarted_to_the_same_bits(self):
        self.interrupted("/_kill")

    def test_a_jobset_of_three_pods_trains_to_the_local_adapter(self):
        adapter = self.local()
        url = self.submitted("three", nodes=3, ranks=6)
        self.wait_for(url, "done")
        self.assertEqual(self.bucket_adapter(url), adapter)
        prefix = url.removeprefix("gs://test-bucket/") + "/logs/rank-"
        self.assertEqual(len(list(self.names(prefix))), 6)

    def test_a_machine_without_kubectl_follows_all_ranks_of_three_pods(self):
        self.check_followed_elsewhere("all", nodes=3, ranks=3, expected=["[rank 0] ", "[rank 1] ", "[rank 2] "])

    def test_a_machine_without_kubectl_follows_one_rank_of_another_pod(self):
        followed = self.check_followed_elsewhere("one", "--rank", "2", nodes=3, ranks=3, expected=["[rank 2] "])
        self.assertNotIn("[rank 0]", followed)

    def test_a_killed_pod_of_three_is_restarted_to_the_same_bits(self):
        url = self.interrupted("/_kill", pod=1, nodes=3, ranks=3)
        # The first pod, which brought the log of the first attempt, did not write it over the whole one.
        self.assertEqual(self.log_of_rank(url, 2).count("ready after"), 2)

    def test_a_plain_job_of_three_pods_is_restarted_to_the_same_bits(self):
        url = self.interrupted("/_kill", pod=2, api="job", nodes=3, ranks=3)
        self.assertEqual(self.ask("/_services"), [url.rpartition("/")[2]])

    def test_a_killed_first_pod_of_three_is_restarted_to_the_same_bits(self):
        self.interrupted("/_kill", pod=0, nodes=3, ranks=3)

    def test_an_evicted_pod_of_three_is_restarted_to_the_same_bits(self):
        self.interrupted("/_evict", pod=2, nodes=3, ranks=3)

    def test_a_frozen_pod_of_three_is_noticed_and_restarted_to_the_same_bits(self):
        self.interrupted("/_freeze", pod=2, nodes=3, ranks=3)

    def test_an_mpijob_of_three_pods_trains_to_the_local_adapter(self):
        adapter = self.local()
        url = self.submitted("mpi", api="mpijob", nodes=3, ranks=6)
        self.wait_for(url, "done")
        self.assertEqual(self.bucket_adapter(url), adapter)
        for rank in range(6):
            self.assertIn(f"[rank {rank}] ", self.log_of_rank(url, rank))

    def test_a_killed_worker_of_an_mpijob_is_restarted_to_the_same_bits(self):
        self.interrupted("/_kill", pod=0, api="mpijob", nodes=3, ranks=3)

    def test_a_killed_launcher_of_an_mpijob_is_restarted_to_the_same_bits(self):
        self.interrupted("/_kill", pod=-1, api="mpijob", nodes=3, ranks=3)

    def test_an_evicted_launcher_of_an_mpijob_is_restarted_to_the_same_bits(self):
        self.interrupted("/_evict", pod=-1, api="mpijob", nodes=3, ranks=3)

    def test_an_mpijob_of_one_pod_trains_to_the_local_adapter(self):
        adapter = self.local()
        url = self.submitted("mpi-one", api="mpijob")
        self.wait_for(url, "done")
        self.assertEqual(self.bucket_adapter(url), adapter)

    def test_a_broken_run_of_an_mpijob_is_not_trained_again(self):
        self.write_a_bad_record()
        url = self.submitted("broken", api="mpijob", nodes=3, ranks=3)
        status = self.wait_for(url, "failed")
        self.assertRegex(status["message"], "chats.jsonl|exit code (2|78)")
        self.wait_until(lambda: self.ask("/_pods") == [])
        self.assertEqual(len(self.status(url)["attempts"]), 1)

    def test_a_cancelled_mpijob_saves_its_state_and_is_resumed(self):
        self.check_cancelled_and_resumed(api="mpijob", nodes=3, ranks=3)

    def test_a_trainjob_of_three_pods_trains_to_the_local_adapter(self):
        adapter = self.local()
        url = self.submitted("train", api="trainjob", nodes=3, ranks=6)
        self.wait_for(url, "done")
        self.assertEqual(self.bucket_adapter(url), adapter)

    def test_a_killed_pod_of_a_trainjob_is_restarted_in_place_to_the_same_bits(self):
        self.interrupted("/_kill", pod=1, api="trainjob", nodes=3, ranks=3)

    def broken_train_job(self, api):
        """The object once nothing of it runs any more."""
        self.write_a_bad_record()
        url = self.submitted("broken", api=api, nodes=3, ranks=3)
        status = self.wait_for(url, "failed")
        self.assertRegex(status["message"], "chats.jsonl|exit code (2|78)")
        self.wait_until(lambda: self.ask("/_pods") == [])
        self.assertEqual(len(self.status(url)["attempts"]), 1)
        name = url.rpartition("/")[2]
        return self.ask(f"/apis/trainer.kubeflow.org/v1alpha1/namespaces/default/trainjobs/{name}")

    def test_a_broken_run_of_a_trainjob_is_not_trained_again_by_its_restarts(self):
        (condition,) = self.broken_train_job("trainjob")["status"]["conditions"]
        self.assertEqual((condition["type"], condition["reason"]), ("Failed", "FailedJobs"))

    def make_runtime(self):
        """Ours, as an admin would."""
        subprocess.run(["kubectl", "create", "-f", SOURCE / "kubernetes" / "training-runtime.yaml"], env=self.laptop, check=True)
        return "trainjob, runtime: temper"

    def test_our_runtime_ends_a_broken_trainjob_at_once(self):
        (condition,) = self.broken_train_job(self.make_runtime())["status"]["conditions"]
        self.assertEqual((condition["type"], condition["reason"]), ("Failed", "FailJobSetFailurePolicyAction"))

    def test_our_runtime_restarts_an_evicted_trainjob_to_the_same_bits(self):
        self.interrupted("/_evict", pod=0, api=self.make_runtime(), nodes=3, ranks=3)

    def test_a_cancelled_trainjob_saves_its_state_and_is_resumed(self):
        self.check_cancelled_and_resumed(api="trainjob", nodes=3, ranks=3)

    def test_a_runtime_that_is_not_there_is_told_before_anything_is_made(self):
        text = self.submit("nowhere", api="trainjob, runtime: temper", expect=USER_ERROR)
        self.assertIn("specified clusterTrainingRuntime must be created before", text)
        self.assertEqual(self.names("runs/"), [])

    def test_a_broken_run_of_three_pods_is_not_restarted(self):
        self.write_a_bad_record()
        url = self.submitted("broken", nodes=3, ranks=3)
        status = self.wait_for(url, "failed")
        # The first pod says it itself, unless another one was faster and took it down.
        self.assertRegex(status["message"], "chats.jsonl|exit code (2|78)")
        self.assertEqual(len(status["attempts"]), 1)

    def check_nothing_runs(self):
        self.assertEqual(self.ask("/_pods"), [])

    def test_a_cancelled_run_saves_its_state_and_is_resumed(self):
        self.check_cancelled_and_resumed()

    def test_a_broken_run_is_not_restarted(self):
        self.write_a_bad_record()
        url = self.submitted("broken")
        status = self.wait_for(url, "failed")
        self.assertIn("chats.jsonl", status["message"])
        self.assertEqual(len(status["attempts"]), 1)
        job = self.ask(f"/apis/jobset.x-k8s.io/v1alpha2/namespaces/default/jobsets/{url.rpartition('/')[2]}")
        self.assertEqual(job["status"]["restarts"], 0)
        self.assertEqual(job["status"]["conditions"][0]["type"], "Failed")

    def test_the_server_judges_before_anything_is_made(self):
        cluster = self.cluster()
        plan = json.loads(self.temper("plan", self.recipe, "--on", cluster, "--json", env=self.laptop))
        (check,) = [check for check in plan["checks"] if check["what"] == "kubernetes takes the job"]
        self.assertEqual(check["result"], "ok")
        self.assertEqual(self.ask("/_pods"), [])
        cluster.write_text(cluster.read_text().replace("image: temper", "image: refused"))
        text = self.temper("submit", self.recipe, "--on", cluster, expect=USER_ERROR, env=self.laptop)
        self.assertIn('kubernetes takes the job: Error from server (Forbidden)', text)
        self.assertIn('admission webhook "images" denied the request', text)
        self.assertEqual(self.names("runs/"), [])

    def test_a_wrong_context_and_a_dead_server_are_told_in_kubectls_words(self):
        self.laptop["KUBECONFIG"] = str(self.folder / "none")
        self.assertIn("kubectl did not create the job", self.submit("nowhere", expect=USER_ERROR))
        cluster = self.cluster()
        cluster.write_text(cluster.read_text().replace("{image:", "{context: prod, image:"))
        text = self.temper("submit", self.recipe, "--on", cluster, "--name", "prod", expect=USER_ERROR, env=self.laptop)
        self.assertIn('context "prod" does not exist', text)


if __name__ == "__main__":
    unittest.main()
