"""Real kubectl, a small API server and pods as processes: rendered JobSets really train."""

import json
import os
import shutil
import subprocess
import sys
import unittest
import urllib.request

from remote_scenario import RemoteScenario
from scenario import DONE, SOURCE, TEMPER, USER_ERROR

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "http://127.0.0.1:%s"}}]
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
    def setUp(self):
        super().setUp()
        self.api = subprocess.Popen(
            [sys.executable, SOURCE / "tests" / "emulators" / "kubernetes_api.py", os.path.dirname(TEMPER)],
            stdout=subprocess.PIPE, text=True,
        )
        self.addCleanup(self.stop_api)
        self.port = self.api.stdout.readline().split()[1]
        (self.folder / "kubeconfig").write_text(KUBECONFIG % self.port)
        self.laptop = {**self.machine("laptop"), "KUBECONFIG": str(self.folder / "kubeconfig")}

    def stop_api(self):
        self.api.kill()
        self.api.wait()
        self.api.stdout.close()

    def call_api(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", data=data) as answer:
            return json.load(answer)

    def submit(self, name, *arguments, api="jobset", steps=20, restarts=3, nodes=1, ranks=2):
        cluster = self.folder / "cluster.yaml"
        cluster.write_text(CLUSTER % (nodes, ranks, restarts, self.endpoint, api))
        text = self.temper("submit", self.recipe, "--on", cluster, "--name", name, "--json", "--set",
                           f"duration.steps={steps}", *arguments, env=self.laptop)
        return "gs://test-bucket/runs/" + json.loads(text.splitlines()[0])["id"]

    def test_a_jobset_trains_to_the_local_adapter(self):
        adapter = self.local()
        url = self.submit("pods")
        self.temper("logs", "-f", url, env=self.laptop)
        self.wait_for(url, "done")
        self.assertEqual(self.bucket_adapter(url), adapter)
        self.assertIn("isn't running", self.temper("cancel", url, expect=USER_ERROR, env=self.laptop))

    def test_a_plain_job_trains_to_the_local_adapter(self):
        adapter = self.local()
        url = self.submit("plain", api="job")
        self.wait_for(url, "done")
        self.assertEqual(self.bucket_adapter(url), adapter)

    def interrupted(self, door, pod=0, **size):
        steps = 120
        adapter = self.local(steps)
        url = self.submit("interrupted", steps=steps, **size)
        self.wait_for_checkpoint(url)
        self.call_api(door, {"pod": pod})
        status = self.wait_for(url, "done", "failed", "stopped")
        self.assertEqual(status["state"], "done", status)
        self.assertGreaterEqual(len(status["attempts"]), 2)
        self.assertEqual(self.bucket_adapter(url), adapter)
        return url

    def test_an_evicted_pod_is_restarted_to_the_same_bits(self):
        self.interrupted("/_evict")

    def test_a_killed_pod_is_restarted_to_the_same_bits(self):
        self.interrupted("/_kill")

    def test_a_jobset_of_three_pods_trains_to_the_local_adapter(self):
        adapter = self.local()
        url = self.submit("three", nodes=3, ranks=6)
        self.wait_for(url, "done")
        self.assertEqual(self.bucket_adapter(url), adapter)
        prefix = url.removeprefix("gs://test-bucket/") + "/logs/rank-"
        self.assertEqual(len(list(self.names(prefix))), 6)

    def test_a_killed_pod_of_three_is_restarted_to_the_same_bits(self):
        self.interrupted("/_kill", pod=1, nodes=3, ranks=3)

    def test_a_plain_job_of_three_pods_is_restarted_to_the_same_bits(self):
        url = self.interrupted("/_kill", pod=2, api="job", nodes=3, ranks=3)
        self.assertEqual(self.call_api("/_services"), [url.rpartition("/")[2]])

    def test_a_killed_first_pod_of_three_is_restarted_to_the_same_bits(self):
        self.interrupted("/_kill", pod=0, nodes=3, ranks=3)

    def test_an_evicted_pod_of_three_is_restarted_to_the_same_bits(self):
        self.interrupted("/_evict", pod=2, nodes=3, ranks=3)

    def test_a_frozen_pod_of_three_is_noticed_and_restarted_to_the_same_bits(self):
        self.interrupted("/_freeze", pod=2, nodes=3, ranks=3)

    def test_a_broken_run_of_three_pods_is_not_restarted(self):
        with open(self.folder / "chats.jsonl", "a", encoding="utf-8") as chats:
            chats.write('{"messages": [{"role": "user", "content": 7}]}\n')
        url = self.submit("broken", nodes=3, ranks=3)
        status = self.wait_for(url, "failed")
        # The first pod says it itself, unless another one was faster and took it down.
        self.assertRegex(status["message"], "chats.jsonl|exit code (2|78)")
        self.assertEqual(len(status["attempts"]), 1)

    def test_a_cancelled_run_saves_its_state_and_is_resumed(self):
        steps = 600  # enough to be in the middle when it is cancelled
        adapter = self.local(steps)
        url = self.submit("cancelled", steps=steps)
        self.wait_for_checkpoint(url)
        self.assertIn("stopped", self.temper("cancel", url, env=self.laptop))
        self.assertEqual(self.call_api("/_pods"), [])
        self.temper("resume", url, env=self.laptop)
        self.wait_for(url, "done")
        self.assertEqual(self.bucket_adapter(url), adapter)

    def test_a_broken_run_is_not_restarted(self):
        with open(self.folder / "chats.jsonl", "a", encoding="utf-8") as chats:
            chats.write('{"messages": [{"role": "user", "content": 7}]}\n')
        url = self.submit("broken")
        status = self.wait_for(url, "failed")
        self.assertIn("chats.jsonl", status["message"])
        self.assertEqual(len(status["attempts"]), 1)
        job = self.call_api(f"/apis/jobset.x-k8s.io/v1alpha2/namespaces/default/jobsets/{url.rpartition('/')[2]}")
        self.assertEqual(job["status"]["restarts"], 0)
        self.assertEqual(job["status"]["conditions"][0]["type"], "Failed")

    def test_the_server_judges_before_anything_is_made(self):
        cluster = self.folder / "cluster.yaml"
        cluster.write_text(CLUSTER % (1, 2, 3, self.endpoint, "jobset"))
        plan = json.loads(self.temper("plan", self.recipe, "--on", cluster, "--json", env=self.laptop))
        (check,) = [check for check in plan["checks"] if check["what"] == "kubernetes takes the job"]
        self.assertEqual(check["result"], "ok")
        self.assertEqual(self.call_api("/_pods"), [])
        cluster.write_text(cluster.read_text().replace("image: temper", "image: refused"))
        text = self.temper("submit", self.recipe, "--on", cluster, expect=USER_ERROR, env=self.laptop)
        self.assertIn('kubernetes takes the job: Error from server (Forbidden)', text)
        self.assertIn('admission webhook "images" denied the request', text)
        self.assertEqual(self.names("runs/"), [])

    def test_a_wrong_context_and_a_dead_server_are_told_in_kubectls_words(self):
        self.laptop["KUBECONFIG"] = str(self.folder / "none")
        cluster = self.folder / "cluster.yaml"
        cluster.write_text(CLUSTER % (1, 2, 3, self.endpoint, "jobset") + "# no context\n")
        text = self.temper("submit", self.recipe, "--on", cluster, "--name", "nowhere", expect=USER_ERROR, env=self.laptop)
        self.assertIn("kubectl did not create the job", text)
        cluster.write_text((CLUSTER % (1, 2, 3, self.endpoint, "jobset")).replace("{image:", "{context: prod, image:"))
        text = self.temper("submit", self.recipe, "--on", cluster, "--name", "prod", expect=USER_ERROR, env=self.laptop)
        self.assertIn('context "prod" does not exist', text)


if __name__ == "__main__":
    unittest.main()
