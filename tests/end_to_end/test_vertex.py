"""A small Vertex AI with replicas as processes: rendered custom jobs really train."""

import json
import unittest

from remote_scenario import RemoteScenario
from scenario import DONE, USER_ERROR

CLUSTER = """\
kind: vertex
nodes: %d
ranks: %d
heartbeat_timeout_seconds: 3
resources: {cpus: 2}
runs: gs://test-bucket/runs
grace_seconds: 30
max_restarts: %d
backoff_seconds: 0.1
environment: {STORAGE_EMULATOR_HOST: "%s"}
vertex: {project: p, region: europe-west4, machine_type: e2-standard-2, image: %s, strategy: spot, endpoint: "%s"}
"""


def google_error(message):
    return {"error": {"code": 400, "message": message, "status": "X"}}


class VertexTest(RemoteScenario):
    EMULATOR = "vertex_emulator.py"

    def cluster(self, image="temper", more="", nodes=1, ranks=2, restarts=3):
        file = self.folder / "cluster.yaml"
        file.write_text(CLUSTER % (nodes, ranks, restarts, self.endpoint, image, self.scheduler_url) + more)
        return file

    def starts(self):
        """How often each job's replicas were started."""
        return list(self.ask("/_jobs").values())

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
        self.check_interrupted(lambda: self.ask("/_preempt", {}))
        self.assertEqual(self.starts(), [2])

    def test_a_cancelled_run_saves_its_state_and_is_resumed(self):
        self.check_cancelled_and_resumed()
        self.assertEqual(self.starts(), [1, 1])

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
        (record,) = [name for name in self.names("runs/twice-") if name.endswith("/run.json")]
        self.wait_until(lambda: json.loads(self.get(record))["attempts"])
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
        self.write_a_bad_record()
        url = self.submitted("broken")
        status = self.wait_for(url, "failed")
        self.assertIn("chats.jsonl", status["message"])
        self.wait_until(lambda: self.starts() == [6])  # as often as Vertex AI starts it
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

    def test_three_replicas_train_to_the_local_adapter(self):
        adapter = self.local()
        url = self.submitted("three", nodes=3, ranks=6)
        followed = self.temper("logs", "-f", url, env=self.laptop)
        for replica in ("workerpool0-0", "workerpool1-0", "workerpool1-1"):
            self.assertIn(f"[{replica}] ", followed)
        self.assertEqual(self.wait_for(url, "done")["attempts"][0]["num_ranks"], 6)
        self.assertEqual(self.bucket_adapter(url), adapter)
        for rank in range(6):
            self.assertIn(f"[rank {rank}] ", self.log_of_rank(url, rank))

    def test_one_rank_of_three_replicas_is_followed_and_since_counts(self):
        followed = self.check_followed_elsewhere("one", "--rank", "2", "--since", "1h", nodes=3, ranks=3, expected=["[rank 2] "])
        self.assertNotIn("[rank 0]", followed)
        for since, is_there in (("1h", True), ("0s", False)):
            text = self.temper("logs", "one", "--runs", "gs://test-bucket/runs", "--rank", "2", "--since", since, env=self.laptop)
            self.assertEqual("[rank 2] " in text, is_there, text)

    def replica_lost(self, door, replica):
        url = self.check_interrupted(lambda: self.ask(door, {"replica": replica}), nodes=3, ranks=3)
        self.assertEqual(self.starts(), [2])
        return url

    def test_a_killed_replica_of_three_is_restarted_to_the_same_bits(self):
        self.replica_lost("/_kill", 1)

    def test_the_first_of_three_replicas_is_killed_and_restarted_to_the_same_bits(self):
        self.replica_lost("/_kill", 0)

    def test_a_preempted_replica_of_three_is_restarted_to_the_same_bits(self):
        self.replica_lost("/_preempt", 2)

    def test_replicas_without_restarts_fail_with_the_first_that_is_lost(self):
        url = self.submitted("unlucky", steps=2000, nodes=3, ranks=3, restarts=0)
        self.wait_for_checkpoint(url)
        self.ask("/_kill", {"replica": 1})
        self.assertIn("workerpool1-0", self.wait_for(url, "failed")["message"])
        self.assertEqual(self.starts(), [1])

    def test_three_replicas_are_cancelled_and_resumed(self):
        self.check_cancelled_and_resumed(nodes=3, ranks=3)

    def test_a_broken_run_of_three_replicas_is_not_trained_again(self):
        self.write_a_bad_record()
        url = self.submitted("broken", nodes=3, ranks=3)
        status = self.wait_for(url, "failed")
        self.assertRegex(status["message"], "chats.jsonl|exit code (2|78)")
        self.wait_until(lambda: self.starts() == [6])
        self.assertEqual(len(self.status(url)["attempts"]), 1)

    def test_a_quota_that_three_replicas_exceed_is_told_at_once(self):
        words = "The following quota metrics exceed quota limits: custom_model_training_cpus"
        self.ask("/_faults", [{"method": "POST", "path": "customJobs$", "times": -1, "status": 429, "body": google_error(words)}])
        self.assertIn(words, self.submit("greedy", nodes=3, ranks=3, expect=USER_ERROR))
        self.assertEqual(self.ask("/_jobs"), {})


if __name__ == "__main__":
    unittest.main()
