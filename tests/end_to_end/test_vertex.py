"""A small Vertex AI with replicas as processes: rendered custom jobs really train."""

import json
import os
import subprocess
import sys
import time
import unittest
import urllib.request

from remote_scenario import RemoteScenario
from scenario import DONE, SOURCE, TEMPER, USER_ERROR

CLUSTER = """\
kind: vertex
nodes: 1
ranks: 2
resources: {cpus: 2}
runs: gs://test-bucket/runs
grace_seconds: 30
max_restarts: 3
backoff_seconds: 0.1
environment: {STORAGE_EMULATOR_HOST: "%s"}
vertex: {project: p, region: europe-west4, machine_type: e2-standard-2, image: %s, strategy: spot, endpoint: "%s"}
"""


def google_error(message):
    return {"error": {"code": 400, "message": message, "status": "X"}}


class VertexTest(RemoteScenario):
    def setUp(self):
        super().setUp()
        self.vertex = subprocess.Popen(
            [sys.executable, SOURCE / "tests" / "emulators" / "vertex_emulator.py", os.path.dirname(TEMPER)],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop_vertex)
        self.vertex_url = "http://127.0.0.1:" + self.vertex.stdout.readline().split()[1]
        self.laptop = self.machine("laptop")

    def stop_vertex(self):
        self.ask("/_stop", {})
        self.vertex.kill()
        self.vertex.wait()
        self.vertex.stdout.close()

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self.vertex_url + path, data=data) as answer:
            return json.load(answer)

    def cluster(self, image="temper", more=""):
        file = self.folder / "cluster.yaml"
        file.write_text(CLUSTER % (self.endpoint, image, self.vertex_url) + more)
        return file

    def submit(self, name, *arguments, steps=20, expect=DONE, image="temper", more=""):
        return self.temper("submit", self.recipe, "--on", self.cluster(image, more), "--name", name, "--set",
                           f"duration.steps={steps}", *arguments, expect=expect, env=self.laptop)

    def submitted(self, name, **options):
        text = self.submit(name, "--json", **options)
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return "gs://test-bucket/runs/" + lines[0]["id"]

    def test_a_custom_job_trains_to_the_local_adapter(self):
        adapter = self.local()
        url = self.submitted("job")
        followed = self.temper("logs", "-f", url, env=self.laptop)
        self.assertIn("20/20", followed)
        status = self.wait_for(url, "done")
        (job,) = self.ask("/_jobs")
        self.assertEqual((status["job"], status["backend"]), (job, "vertex"))
        self.assertEqual(self.bucket_adapter(url), adapter)
        self.assertIn("isn't running", self.temper("cancel", url, expect=USER_ERROR, env=self.laptop))
        self.assertIn("already done", self.temper("resume", url, env=self.laptop))

    def test_another_machine_sees_follows_and_cancels_it(self):
        url = self.submitted("far", steps=2000)
        self.wait_for_checkpoint(url)
        self.laptop = self.machine("other-laptop")
        self.assertEqual(self.status(url)["state"], "running")
        follower = self.start("logs", "-f", url, env=self.laptop)
        self.assertIn("stopped", self.temper("cancel", url, env=self.laptop))
        self.assertEqual(follower.wait(timeout=30), DONE)
        self.assertIn("2000", (self.folder / "output").read_text())
        self.assertEqual(self.status(url)["state"], "stopped")

    def test_a_preempted_job_goes_on_to_the_same_bits(self):
        steps = 120
        adapter = self.local(steps)
        url = self.submitted("preempted", steps=steps)
        self.wait_for_checkpoint(url)
        self.ask("/_preempt", {})
        status = self.wait_for(url, "done", "failed", "stopped")
        self.assertEqual(status["state"], "done", status)
        self.assertGreaterEqual(len(status["attempts"]), 2)
        self.assertEqual(list(self.ask("/_jobs").values()), [2])
        self.assertEqual(self.bucket_adapter(url), adapter)

    def test_a_cancelled_run_saves_its_state_and_is_resumed(self):
        steps = 600  # enough to be in the middle when it is cancelled
        adapter = self.local(steps)
        url = self.submitted("cancelled", steps=steps)
        self.wait_for_checkpoint(url)
        self.assertIn("stopped", self.temper("cancel", url, env=self.laptop))
        self.temper("resume", url, env=self.laptop)
        self.wait_for(url, "done")
        self.assertEqual(len(self.ask("/_jobs")), 2)
        self.assertEqual(self.bucket_adapter(url), adapter)

    def test_a_lost_answer_makes_no_second_job(self):
        self.ask("/_faults", [{"method": "POST", "path": "customJobs$", "lose_reply": True}])
        url = self.submitted("lost")
        self.wait_for(url, "done")
        self.assertEqual(len(self.ask("/_jobs")), 1)

    def test_a_repeated_submit_finds_the_job_of_a_launcher_that_never_heard_of_it(self):
        self.ask("/_faults", [{"method": "POST", "path": "customJobs$", "lose_reply": True},
                              {"method": "GET", "path": "customJobs.filter", "at": 2, "times": -1, "status": 403,
                               "body": google_error("denied")}])
        self.assertIn("denied", self.submit("twice", steps=600, expect=USER_ERROR))
        self.ask("/_heal", {})
        self.assertEqual(len(self.ask("/_jobs")), 1)
        text = self.submit("twice", steps=600, expect=USER_ERROR)  # it has begun, so it is active
        self.assertIn("a run called twice is", text)
        self.assertEqual(len(self.ask("/_jobs")), 1)

    def test_what_vertex_refuses_is_told_in_its_words(self):
        for status, words in [(403, "Permission 'aiplatform.customJobs.create' denied"),
                              (429, "The following quota metrics exceed quota limits: custom_model_training_cpus"),
                              (400, "The service account is not in the project")]:
            self.ask("/_faults", [{"method": "POST", "path": "customJobs$", "status": status, "body": google_error(words)}])
            text = self.submit(f"refused-{status}", expect=USER_ERROR)
            self.assertIn("Vertex AI did not take the job", text)
            self.assertIn(words, text)
        self.assertEqual(self.ask("/_jobs"), {})

    def test_a_service_that_is_down_is_told_before_anything_is_made(self):
        self.ask("/_faults", [{"times": -1, "status": 403, "body": google_error("Vertex AI API has not been used in project p")}])
        text = self.submit("down", expect=USER_ERROR)
        self.assertIn("vertex: cannot list custom jobs", text)
        self.assertIn("has not been used in project p", text)
        self.assertEqual([name for name in self.names("runs/") if "down-" in name], [])

    def test_requests_that_come_too_fast_are_sent_again(self):
        self.ask("/_faults", [{"path": "customJobs", "times": 2, "status": 429, "headers": {"Retry-After": "0"},
                               "body": google_error("Quota exceeded for requests per minute")}])
        self.wait_for(self.submitted("fast"), "done")

    def test_an_image_that_cant_be_pulled(self):
        url = self.submitted("no-image", image="r/missing@sha256:0")
        status = self.wait_for(url, "failed")
        self.assertIn("Failed to pull image r/missing@sha256:0", status["message"])

    def test_a_broken_run_is_not_trained_again_by_restarts(self):
        with open(self.folder / "chats.jsonl", "a", encoding="utf-8") as chats:
            chats.write('{"messages": [{"role": "user", "content": 7}]}\n')
        url = self.submitted("broken")
        status = self.wait_for(url, "failed")
        self.assertIn("chats.jsonl", status["message"])
        deadline = time.monotonic() + 60
        while list(self.ask("/_jobs").values()) != [6]:  # as often as Vertex AI starts it
            self.assertLess(time.monotonic(), deadline, self.ask("/_jobs"))
            time.sleep(0.2)
        self.assertEqual(len(self.status(url)["attempts"]), 1)

    def test_a_secret_reaches_the_ranks_and_nothing_else(self):
        self.ask("/_secrets", {"hub": "hf_very_secret\n"})
        url = self.submitted("secret", more="secrets: {HF_TOKEN: projects/p/secrets/hub/versions/latest}\n")
        self.wait_for(url, "done")
        asked = [path for _, path in self.ask("/_log")]
        self.assertIn("/v1/projects/p/secrets/hub/versions/latest:access", asked)
        for name in self.names(url.removeprefix("gs://test-bucket/")):
            self.assertNotIn(b"hf_very_secret", self.get(name), name)
        job = self.ask("/v1/projects/p/locations/europe-west4/customJobs")
        self.assertNotIn("HF_TOKEN", json.dumps(job))

    def test_several_replicas_are_planned_but_not_submitted(self):
        self.cluster(more="")
        cluster = self.folder / "cluster.yaml"
        cluster.write_text(cluster.read_text().replace("nodes: 1", "nodes: 2"))
        plan = self.temper("plan", self.recipe, "--on", cluster, env=self.laptop)
        self.assertIn('"replicaCount": "1"', plan)
        text = self.temper("submit", self.recipe, "--on", cluster, expect=USER_ERROR, env=self.laptop)
        self.assertIn("ranks in several replicas", text)


if __name__ == "__main__":
    unittest.main()
