"""Runs that publish, and runs in a bucket that are pushed: what an emulated Hub has then, and the token nowhere."""

import hashlib
import json
import os
import subprocess
import sys
import urllib.request

from bucket_scenario import BucketScenario
from scenario import DONE, SOURCE

TOKEN = "hf_write"
PUBLISH = "publish: {hub: org/adapter, when: %s}\n"
EVALUATION = "eval: {every: 5}\n"


class PushRunTest(BucketScenario):
    def setUp(self):
        super().setUp()
        emulator = SOURCE / "tests" / "emulators" / "hub_emulator.py"
        self.hub_process = subprocess.Popen([sys.executable, emulator], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop_hub)
        self.hub_url = "http://127.0.0.1:" + self.hub_process.stdout.readline().split()[1]

    def stop_hub(self):
        self.hub_process.kill()
        self.hub_process.wait()
        self.hub_process.stdout.close()

    def pushing_machine(self, name):
        environment = {key: value for key, value in self.machine(name).items() if not key.startswith("HF_")}
        return environment | {"HF_ENDPOINT": self.hub_url, "HF_TOKEN": TOKEN, "HF_HOME": str(self.folder / "hf")}

    def commits(self):
        """Our commits, oldest first."""
        with urllib.request.urlopen(f"{self.hub_url}/_history") as answer:
            history = json.load(answer)["models/org/adapter"]["main"]
        return [commit for commit in reversed(history) if commit["author"] == "ann"]

    def temper(self, *arguments, machine="here"):
        process = self.start(*arguments, env=self.pushing_machine(machine))
        self.assertEqual(process.wait(120), DONE, (self.folder / "output").read_text())
        return (self.folder / "output").read_text()

    def publish(self, when):
        recipe = self.recipe.read_text().replace("keep: 2", "keep: 9").replace(
            "data:\n", "data:\n  eval: [{path: chats.jsonl}]\n")
        self.recipe.write_text(recipe + EVALUATION + PUBLISH % when)

    def check_whole(self, commits):
        for commit in commits:
            self.assertLessEqual({"adapter_config.json", "adapter_model.safetensors", "README.md",
                                  "export_check.json"}, set(commit["files"]))
            request = urllib.request.Request(
                f"{self.hub_url}/org/adapter/resolve/{commit['commit']}/export_check.json",
                headers={"Authorization": f"Bearer {TOKEN}"})
            with urllib.request.urlopen(request) as answer:
                check = json.load(answer)
            self.assertGreater(check["samples"], 0)
            self.assertAlmostEqual(check["trained_loss"], check["file_loss"], delta=1e-5)

    def check_token_nowhere(self):
        for file in self.folder.rglob("*"):
            if file.is_file():
                self.assertNotIn(TOKEN.encode(), file.read_bytes(), file)
        with urllib.request.urlopen(f"{self.hub_url}/_requests") as answer:
            for request in json.load(answer):
                self.assertEqual(request["authorization"] != "", request["host"] == "hub", request)

    def test_every_checkpoint_is_pushed_and_the_result(self):
        self.publish("checkpoint")
        self.temper("run", self.recipe)
        commits = self.commits()
        self.check_whole(commits)
        self.assertEqual([commit["title"].rpartition(" (")[2] for commit in commits],
                         ["step 5)", "step 10)", "step 15)", "final)"])
        weights = [commit["files"]["adapter_model.safetensors"] for commit in commits]
        self.assertEqual(len(set(weights)), 4)
        run = next((self.folder / "runs").iterdir())
        result = (run / "adapter" / "adapter_model.safetensors").read_bytes()
        self.assertEqual(weights[-1], hashlib.sha256(result).hexdigest())
        self.assertEqual(list((run / "adapters").iterdir()), [])
        self.check_token_nowhere()

    def test_the_best_is_pushed_and_no_other(self):
        self.publish("best")
        self.temper("run", self.recipe)
        run = next((self.folder / "runs").iterdir())
        losses = {}
        for line in (run / "progress.jsonl").read_text().splitlines():
            record = json.loads(line)
            if record.get("eval_loss") is not None and record["step"] > 0:
                losses[record["step"]] = record["eval_loss"]
        best = min(losses, key=losses.get)
        commits = self.commits()
        self.check_whole(commits)
        self.assertIn(commits[-1]["title"].rpartition(" (")[2], ("final)" if best == 20 else f"step {best})",))

    def test_a_run_in_a_bucket_is_pushed_by_any_machine(self):
        self.recipe.write_text(self.recipe.read_text().replace("to: runs", "to: gs://test-bucket/runs"))
        self.temper("run", self.recipe)
        run = json.loads(urllib.request.urlopen(
            f"{self.endpoint}/storage/v1/b/test-bucket/o?prefix=runs/").read())["items"][0]["name"].split("/")[1]
        self.temper("push", f"gs://test-bucket/runs/{run}", "--hub", "org/adapter", machine="a")
        self.assertEqual(len(self.commits()), 1)
        self.check_whole(self.commits())
        said = self.temper("push", f"gs://test-bucket/runs/{run}", "--hub", "org/adapter", machine="b")
        self.assertIn("nothing to push: final is at", said)
        self.assertEqual(len(self.commits()), 1)
        self.check_token_nowhere()
