"""Model, data and recipe on an emulated Hub: the same adapter as from local files, and the token nowhere."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

from scenario import SOURCE, TINY_MODEL, USER_ERROR, Scenario, descendants

TOKEN = "hf_read"
HUB_RECIPE = """\
version: 1
name: hub
seed: 7
model: {base: org/tiny}
adapter: {rank: 4, alpha: 8, targets: all-linear}
data:
  train: [{path: "hf://datasets/org/chats/data/*.jsonl"}]
  max_length: 256
batch: {samples: 8, slots: 4}
optimizer: {lr: 2.0e-3}
duration: {steps: 4}
checkpoint: {to: runs, every: 2}
"""


class HubRunTest(Scenario):
    def setUp(self):
        super().setUp()
        emulator = SOURCE / "tests" / "emulators" / "hub_emulator.py"
        self.emulator = subprocess.Popen([sys.executable, emulator], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop_emulator)
        self.url = "http://127.0.0.1:" + self.emulator.stdout.readline().split()[1]
        model = {path.name: {"file": str(path)} for path in TINY_MODEL.iterdir() if path.is_file()}
        self.model_commit = self.put("org/tiny", model | {"extra.bin": {"bytes": 1000}}, private=True)
        self.data_commit = self.put(
            "org/chats", {"data/chats.jsonl": (self.folder / "chats.jsonl").read_text()}, kind="datasets")
        self.recipe.write_text(HUB_RECIPE)

    def stop_emulator(self):
        self.emulator.kill()
        self.emulator.wait()
        self.emulator.stdout.close()

    def door(self, name, value=None):
        data = None if value is None else json.dumps(value).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/_{name}", data=data)) as answer:
            return json.load(answer)

    def put(self, name, files, **more):
        return self.door("repository", {"name": name, "files": files} | more)["commit"]

    def hub(self, token=TOKEN, **more):
        """The environment of a machine that knows the Hub."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        return environment | {
            "HF_ENDPOINT": self.url, "HF_HOME": str(self.folder / "hf"), "TEMPER_CACHE": str(self.folder / "cache"),
        } | ({"HF_TOKEN": token} if token else {}) | more

    def run_folder(self, name="hub"):
        (folder,) = (self.folder / "runs").glob(f"{name}-*")
        return folder

    def adapter(self, name="hub"):
        return (self.run_folder(name) / "adapter" / "adapter_model.safetensors").read_bytes()

    def test_result_is_that_of_local_files(self):
        self.temper("run", self.recipe, env=self.hub())
        local = HUB_RECIPE.replace("org/tiny", str(TINY_MODEL)).replace("name: hub", "name: local")
        self.recipe.write_text(local.replace("hf://datasets/org/chats/data/*.jsonl", "chats.jsonl"))
        self.temper("run", self.recipe, env=self.hub())
        self.assertEqual(self.adapter("hub"), self.adapter("local"))

    def test_resolved_recipe_names_the_commits(self):
        self.temper("run", self.recipe, env=self.hub())
        resolved = (self.run_folder() / "resolved.yaml").read_text()
        self.assertIn(f"hf://org/tiny@{self.model_commit}", resolved)
        self.assertIn(f"hf://datasets/org/chats@{self.data_commit}/data/*.jsonl", resolved)
        config = json.loads((self.run_folder() / "adapter" / "adapter_config.json").read_text())
        self.assertEqual(config["base_model_name_or_path"], "org/tiny")
        fetched = self.folder / "hf" / "hub" / "models--org--tiny" / "snapshots" / self.model_commit
        self.assertTrue((fetched / "config.json").is_symlink())
        self.assertFalse((fetched / "extra.bin").exists())

    def test_cached_run_needs_no_network(self):
        self.temper("run", self.recipe, env=self.hub())
        before = len(self.door("requests"))
        self.recipe.write_text(HUB_RECIPE.replace("org/tiny", f"hf://org/tiny@{self.model_commit}")
                               .replace("name: hub", "name: again").replace("hf://datasets/org/chats/data/*.jsonl", "chats.jsonl"))
        self.temper("run", self.recipe, env=self.hub())
        self.assertEqual(len(self.door("requests")), before)
        self.recipe.write_text(HUB_RECIPE.replace("name: hub", "name: offline"))
        self.temper("plan", self.recipe, env=self.hub(HF_HUB_OFFLINE="1"), expect=USER_ERROR)  # data were streamed
        self.assertEqual(len(self.door("requests")), before)

    def test_recipe_comes_from_the_hub(self):
        self.put("org/recipes", {"tiny.yaml": HUB_RECIPE})
        self.temper("run", "hf://org/recipes/tiny.yaml", env=self.hub())
        self.assertEqual((self.run_folder() / "recipe.yaml").read_text(), HUB_RECIPE)

    def test_token_is_nowhere_but_at_the_hub(self):
        token = "hf_read"
        shown = self.temper("plan", self.recipe, env=self.hub(token))
        process = self.start("run", self.recipe, "--ranks", "2", env=self.hub(token))
        arguments = set()
        while process.poll() is None:
            for pid in descendants(process.pid):
                try:
                    arguments.add(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
                except OSError:
                    pass
            time.sleep(0.01)
        self.assertEqual(process.returncode, 0, (self.folder / "output").read_text())
        self.assertGreater(len(arguments), 1)
        self.assertFalse([line for line in arguments if token.encode() in line])
        self.assertNotIn(token, str(shown))
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(token.encode(), path.read_bytes(), path)
        hosts = {}
        for request in self.door("requests"):
            hosts.setdefault(request["host"], set()).add(request["authorization"])
            self.assertNotIn(token, request["path"] + request["user_agent"])
        self.assertEqual(hosts, {"hub": {f"Bearer {token}"}, "cdn": {""}})

    def test_refusals_are_told_apart(self):
        def told(change, pattern, expect=USER_ERROR, **environment):
            self.recipe.write_text(HUB_RECIPE.replace("org/tiny", change))
            shown = str(self.temper("plan", self.recipe, env=self.hub(**environment), expect=expect))
            self.assertRegex(shown, pattern)
            self.assertFalse(re.search("Traceback|terminate", shown))

        self.put("org/gated", {"config.json": "{}"}, gated=True)
        self.put("org/shapeless", {"model.safetensors": {"bytes": 10}})
        self.put("org/strange", {"config.json": '{"architectures":["GPT2LMHeadModel"],"model_type":"gpt2"}',
                                 "model.safetensors": {"bytes": 10_000_000}})
        told("org/absent", "has no model 'org/absent'")
        told("org/tiny@absent", "no branch, tag or commit 'absent'")
        told("org/tiny", "there is no token", token=None)
        told("org/tiny", "refused: it is wrong, expired or revoked", token="hf_wrong")
        told("org/gated", "is gated", token="hf_other")
        told("org/shapeless", "no config.json")
        told("org/strange", "GPT2LMHeadModel|gpt2")
        self.assertFalse([r for r in self.door("requests") if r["host"] == "cdn"])  # nothing large was fetched
