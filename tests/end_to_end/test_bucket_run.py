"""Runs in a bucket: the same bits as here, resumed by URL from another machine."""

import json
import time
import unittest

from bucket_scenario import BucketScenario
from scenario import FATAL, USER_ERROR

TO_BUCKET = ("--set", "checkpoint.to=gs://test-bucket/runs")
LONG = ("--set", "duration.steps=150")


class BucketRunTest(BucketScenario):
    def committed(self):
        return [name for name in self.names("runs/") if name.endswith("MANIFEST.json")]

    def wait_for_checkpoint(self, process):
        deadline = time.monotonic() + 120
        while not self.committed():
            self.assertIsNone(process.poll(), (self.folder / "output").read_text())
            self.assertLess(time.monotonic(), deadline, "no checkpoint comes")
            time.sleep(0.01)

    def from_bucket(self, ranks, resume_ranks):
        """Data and checkpoints in the bucket, the launcher killed, gone on with elsewhere."""
        expected = self.train("here", *LONG)
        self.put("data/chats.jsonl", (self.folder / "chats.jsonl").read_bytes())
        data = ("--set", "data.train=[{path: gs://test-bucket/data/chats.jsonl}]")
        process = self.start(
            "run", self.recipe, "--name", "there", "--ranks", ranks, *LONG, *TO_BUCKET, *data, env=self.machine("one")
        )
        self.wait_for_checkpoint(process)
        self.kill(process)
        url = self.run_url("there")
        self.temper("resume", url, "--ranks", resume_ranks, env=self.machine("two"))
        self.assertEqual(self.bucket_adapter(url), expected)
        record = json.loads(self.get(url.removeprefix("gs://test-bucket/") + "/run.json"))
        self.assertEqual(record["state"], "done")
        self.assertGreater(record["attempts"][-1]["first_step"], 1, "it began anew instead of resuming")

    def test_killed_on_one_rank_and_resumed_on_three(self):
        self.from_bucket(1, 3)

    def test_killed_on_three_ranks_and_resumed_on_one(self):
        self.from_bucket(3, 1)

    def test_status_and_logs_by_url(self):
        self.temper("run", self.recipe, "--name", "told", *TO_BUCKET, env=self.machine("one"))
        url = self.run_url("told")
        self.assertIn("done", self.temper("status", url, env=self.machine("two")))
        self.assertIn("ready after", self.temper("logs", url, env=self.machine("two")))
        self.assertIn("already done", self.temper("resume", url, env=self.machine("two")))

    def test_runs_are_listed_and_found_by_name(self):
        for name in ("early", "late"):
            self.temper("run", self.recipe, "--name", name, *TO_BUCKET, env=self.machine("one"))
        runs = ("--runs", "gs://test-bucket/runs")
        environment = self.machine("two")
        lines = self.temper("list", *runs, "--json", env=environment).splitlines()
        self.assertEqual([json.loads(line)["name"] for line in lines], ["early", "late"])
        self.assertIn(self.run_url("late").rpartition("/")[2], self.temper("status", *runs, env=environment))
        self.assertIn("done", self.temper("status", "early", *runs, env=environment))
        self.assertIn("step-", self.temper("checkpoints", "ls", "early", *runs, env=environment))
        message = self.temper("logs", "erly", *runs, env=environment, expect=USER_ERROR)
        self.assertIn("did you mean 'early", message)

    def test_checkpoints_are_listed_verified_and_removed(self):
        self.temper("run", self.recipe, "--name", "kept", *TO_BUCKET, env=self.machine("one"))
        url = self.run_url("kept")
        environment = self.machine("two")
        lines = self.temper("checkpoints", "ls", url, "--json", env=environment).splitlines()
        checkpoints = [json.loads(line) for line in lines]
        self.assertEqual([checkpoint["step"] for checkpoint in checkpoints], [20, 15])
        for options in ((), ("--full",)):
            self.assertIn("whole", self.temper("checkpoints", "verify", url, *options, env=environment))
        newest, older = (checkpoint["checkpoint"] for checkpoint in checkpoints)
        self.assertIn("--force", self.temper("checkpoints", "rm", url, newest, expect=USER_ERROR, env=environment))
        self.put(f"{url.removeprefix('gs://test-bucket/')}/checkpoints/{older}/stranger", b"not ours")
        removed = self.temper("checkpoints", "rm", url, older, "--json", env=environment)
        self.assertEqual(json.loads(removed.splitlines()[-1]), {"removed": older})
        left = [name for name in self.names("runs/") if older in name]
        self.assertEqual([name.split("/")[-1] for name in left], ["stranger"])

    def test_damaged_checkpoint_is_told(self):
        self.temper("run", self.recipe, "--name", "damaged", *TO_BUCKET, env=self.machine("one"))
        url = self.run_url("damaged")
        (share, *_) = [name for name in self.names("runs/") if name.endswith(".safetensors") and "step-00000020" in name]
        data = bytearray(self.get(share))
        data[-1] ^= 1
        self.put(share, bytes(data))
        self.assertIn("is damaged: crc32c", self.temper("checkpoints", "verify", url, expect=FATAL, env=self.machine("two")))

    def test_missing_bucket_is_named_before_anything_starts(self):
        told = self.temper(
            "run", self.recipe, "--set", "checkpoint.to=gs://no-such-bucket/runs", expect=USER_ERROR, env=self.machine("one")
        )
        self.assertIn("gs://no-such-bucket", told)
        self.assertIn("Is gs://no-such-bucket spelled right?", told)

    def test_forbidden_bucket_names_the_role(self):
        self.door("faults", [{"times": -1, "status": 403}])
        told = self.temper("run", self.recipe, *TO_BUCKET, expect=USER_ERROR, env=self.machine("one"))
        self.assertIn("Storage Object User", told)

    def test_faults_in_between_change_nothing(self):
        expected = self.train("here")
        for at in range(0, 120, 7):
            self.door("faults", [{"at": at, "status": 503}, {"at": at + 3, "lose_reply": True}])
        self.temper("run", self.recipe, "--name", "shaken", *TO_BUCKET, env=self.machine("one"))
        self.door("heal", {})
        url = self.run_url("shaken")
        self.assertEqual(self.bucket_adapter(url), expected)
        progress = self.get(url.removeprefix("gs://test-bucket/") + "/progress.jsonl").decode()
        last = json.loads(progress.splitlines()[-1])
        self.assertGreater(last["store_requests"], last["store_retries"])
        self.assertGreater(last["store_retries"], 0)


if __name__ == "__main__":
    unittest.main()
