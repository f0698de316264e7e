"""Runs that live in a bucket and are looked at from a laptop, whatever trains them."""

import json
import os
import subprocess
import sys
import time
import urllib.request

from bucket_scenario import BucketScenario
from scenario import SOURCE, TEMPER


class RemoteScenario(BucketScenario):
    """`self.laptop` is its environment. EMULATOR is the scheduler's; cluster() writes the cluster file of a run."""

    EMULATOR = ""

    def setUp(self):
        super().setUp()
        self.scheduler = subprocess.Popen(
            [sys.executable, SOURCE / "tests" / "emulators" / self.EMULATOR, os.path.dirname(TEMPER)],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop_scheduler)
        self.scheduler_url = "http://127.0.0.1:" + self.scheduler.stdout.readline().split()[1]
        self.laptop = self.machine("laptop")

    def stop_scheduler(self):
        self.ask("/_stop", {})
        self.scheduler.kill()
        self.scheduler.wait()
        self.scheduler.stdout.close()

    def ask(self, path, body=None):
        """The emulator itself, or a door of it: with a body POST, else GET."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self.scheduler_url + path, data=data) as answer:
            return json.load(answer)

    def cluster(self, **options):
        raise NotImplementedError

    def submit(self, name, *arguments, steps=20, expect=0, **options):
        return self.temper("submit", self.recipe, "--on", self.cluster(**options), "--name", name, "--set",
                           f"duration.steps={steps}", *arguments, expect=expect, env=self.laptop)

    def submitted(self, name, **options):
        """Its URL."""
        lines = [json.loads(line) for line in self.submit(name, "--json", **options).splitlines() if line.startswith("{")]
        return "gs://test-bucket/runs/" + lines[0]["id"]

    def status(self, url):
        return json.loads(self.temper("status", url, "--json", env=self.laptop).splitlines()[-1])

    def wait_for(self, url, *states, seconds=120):
        deadline = time.monotonic() + seconds
        while True:
            status = self.status(url)
            if status["state"] in states:
                return status
            self.assertLess(time.monotonic(), deadline, status)
            time.sleep(0.5)

    def wait_for_checkpoint(self, url):
        prefix = url.removeprefix("gs://test-bucket/") + "/checkpoints/"
        self.wait_until(lambda: any(name.endswith("MANIFEST.json") for name in self.names(prefix)))

    def wait_until(self, condition, seconds=120):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def local(self, steps=20):
        return self.train("local", "--set", f"duration.steps={steps}")

    def log_of_rank(self, url, rank):
        return self.get(f"{url.removeprefix('gs://test-bucket/')}/logs/rank-{rank:04}.log").decode()

    def write_a_bad_record(self):
        with open(self.folder / "chats.jsonl", "a", encoding="utf-8") as chats:
            chats.write('{"messages": [{"role": "user", "content": 7}]}\n')

    def check_interrupted(self, disturb, **options):
        """A run that is disturbed once it has a checkpoint goes on by itself to the local adapter; its URL."""
        steps = 120
        adapter = self.local(steps)
        url = self.submitted("interrupted", steps=steps, **options)
        self.wait_for_checkpoint(url)
        disturb()
        status = self.wait_for(url, "done", "failed", "stopped")
        self.assertEqual(status["state"], "done", status)
        self.assertGreaterEqual(len(status["attempts"]), 2)
        self.assertEqual(self.bucket_adapter(url), adapter)
        return url

    def check_cancelled_and_resumed(self, **options):
        steps = 600  # enough to be in the middle when it is cancelled
        adapter = self.local(steps)
        url = self.submitted("cancelled", steps=steps, **options)
        self.wait_for_checkpoint(url)
        self.assertIn("stopped", self.temper("cancel", url, env=self.laptop))
        self.check_nothing_runs()
        self.temper("resume", url, env=self.laptop)
        self.wait_for(url, "done")
        self.assertEqual(self.bucket_adapter(url), adapter)

    def check_followed_elsewhere(self, name, *options, expected, **cluster):
        """A machine that has only the bucket follows a run's log while it goes on, until it is cancelled."""
        url = self.submitted(name, steps=100_000, **cluster)
        self.wait_for_checkpoint(url)
        other = {key: value for key, value in self.machine("other").items() if key != "KUBECONFIG"}
        follower = self.start("logs", "-f", name, "--runs", "gs://test-bucket/runs", *options, env=other)
        output = self.folder / "output"
        self.wait_until(lambda: all(text in output.read_text() for text in expected), seconds=60)
        self.assertIsNone(follower.poll())
        self.assertIn("stopped", self.temper("cancel", url, env=self.laptop))
        self.assertEqual(follower.wait(timeout=60), 0, output.read_text())
        return output.read_text()

    def check_nothing_runs(self):
        """What the scheduler has of a cancelled run."""
