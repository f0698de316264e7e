"""Runs that publish, and runs in a bucket that are pushed: what an emulated Hub has then, and the token nowhere."""

import hashlib
import json
import os
import urllib.request

from bucket_scenario import BucketScenario
from hub_scenario import EmulatedHub
from scenario import DONE, SOURCE, TINY_MODEL, USER_ERROR

PUBLISH = "publish: {hub: org/adapter, when: %s}\n"
EVALUATION = "eval: {every: 5}\n"


class PushRunTest(EmulatedHub, BucketScenario):
    def setUp(self):
        super().setUp()
        self.start_hub()
        self.recipe.write_text(self.recipe.read_text().replace(
            f"base: {TINY_MODEL}", f"base: {TINY_MODEL}, name: org/tiny"))

    def pushing_machine(self, name):
        environment = {key: value for key, value in self.machine(name).items() if not key.startswith("HF_")}
        return environment | self.hub_variables()

    def temper(self, *arguments, machine="here"):
        process = self.start(*arguments, env=self.pushing_machine(machine))
        self.assertEqual(self.wait_watching_arguments(process), DONE, (self.folder / "output").read_text())
        return (self.folder / "output").read_text()

    def publish(self, when):
        recipe = self.recipe.read_text().replace("keep: 2", "keep: 9").replace(
            "data:\n", "data:\n  eval: [{path: chats.jsonl}]\n")
        self.recipe.write_text(recipe + EVALUATION + PUBLISH % when)

    def check_whole(self, commits):
        for commit in commits:
            self.assertLessEqual({"adapter_config.json", "adapter_model.safetensors", "README.md",
                                  "export_check.json"}, set(commit["files"]))
            check = self.ask_hub(f"/org/adapter/resolve/{commit['commit']}/export_check.json")
            self.assertGreater(check["samples"], 0)
            self.assertAlmostEqual(check["trained_loss"], check["file_loss"], delta=1e-5)

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

    def test_plans_of_clusters_do_not_hold_the_token(self):
        self.publish("end")
        for cluster in ("slurm-cpu.yaml", "gke-cpu.yaml"):
            process = self.start("plan", self.recipe, "--on", SOURCE / "configs" / cluster, env={
                **self.pushing_machine("here"), "TEMPER_RUNS": "gs://test-bucket/runs", "TEMPER_IMAGE": "trainer:1"})
            self.wait_watching_arguments(process)
        shown = (self.folder / "output").read_text()
        self.assertIn("#SBATCH", shown)
        self.assertRegex(shown, "kind: (Job|JobSet)\n")
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

    def test_a_local_path_of_the_base_is_not_pushed(self):
        self.recipe.write_text(self.recipe.read_text().replace(", name: org/tiny", ""))
        self.temper("run", self.recipe)
        run = next((self.folder / "runs").iterdir())
        process = self.start("push", run, "--hub", "org/adapter", env=self.pushing_machine("here"))
        self.assertEqual(process.wait(60), USER_ERROR)
        self.assertIn(f"base_model_name_or_path is '{TINY_MODEL}'", (self.folder / "output").read_text())
        self.assertEqual(self.commits(), [])
        before = (run / "adapter" / "adapter_model.safetensors").read_bytes()
        self.temper("resume", run, "--set", "model.name=org/tiny", "--allow-changed", "recipe")
        self.assertEqual((run / "adapter" / "adapter_model.safetensors").read_bytes(), before)
        self.temper("push", run, "--hub", "org/adapter")
        self.check_whole(self.commits())
        for file in (run / "adapter").iterdir():
            self.assertNotIn(str(TINY_MODEL.parent).encode(), file.read_bytes(), file)

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
