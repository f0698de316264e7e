"""What huggingface_hub downloads after Temper trained and pushed an adapter, read by PEFT on Transformers (in the reference
environment, TEMPER_REFERENCE_PYTHON)."""

import hashlib
import json
import os
import subprocess

from hub_scenario import EmulatedHub
from scenario import TINY_MODEL
from test_export import LORA, MODULES_TO_SAVE, PATTERNS, RSLORA, TOKENS, WRITE_LOGITS, ExportReferenceTest as Reference

CARD = ['library_name="peft"', 'base_model="org/tiny"', 'base_model_relation="adapter"',
        'tags=["base_model:adapter:org/tiny", "lora", "transformers"]']


class PushedAdapterTest(EmulatedHub, Reference.__base__):
    def setUp(self):
        super().setUp()
        self.start_hub()
        self.environment = {**os.environ, **self.hub_variables()}

    def reference(self, script, *arguments):
        before = dict(os.environ)
        os.environ.update(self.hub_variables())
        self.addCleanup(os.environ.update, before)
        return Reference.reference(self, script, *arguments)

    def expect_same_logits(self, adapter, base=TINY_MODEL):
        self.recipe.write_text(self.recipe.read_text() + "publish: {hub: org/adapter}\n")
        self.temper(
            "run", self.recipe, "--set", f"adapter={adapter}", "--set", f"model.base={base}", "--set",
            "model.name=org/tiny", "--set", "duration.steps=6", "--set", "optimizer.lr=1e-2", env=self.environment,
        )
        self.assertEqual(len(self.commits()), 1)
        self.check_token_nowhere()  # now: the client below asks more
        downloaded = self.folder / "downloaded"
        self.reference("fetch_pushed.py", "org/adapter", downloaded, *CARD)
        logits = self.folder / "logits.safetensors"
        trained = self.run_named("tiny") / "adapter"
        subprocess.run([WRITE_LOGITS, base, trained, logits, *map(str, TOKENS)], check=True)
        print(self.reference("compare_exports.py", base, logits, f"peft={downloaded}"))

    def test_merged(self):
        self.recipe.write_text(self.recipe.read_text() + "publish: {hub: org/merged, form: merged}\n")
        self.temper(
            "run", self.recipe, "--set", f"adapter={PATTERNS}", "--set", "model.name=org/tiny", "--set",
            "duration.steps=6", "--set", "optimizer.lr=1e-2", env=self.environment,
        )
        commit, = self.commits("org/merged")
        run = self.run_named("tiny")
        pushed = (run / "merged" / "model.safetensors").read_bytes()
        self.assertEqual(commit["files"]["model.safetensors"], hashlib.sha256(pushed).hexdigest())
        check = json.loads((run / "merged" / "export_check.json").read_text())
        self.assertEqual((check["kind"], check["samples"]), ("model", 4))
        self.assertAlmostEqual(check["trained_loss"], check["file_loss"], delta=1e-4)
        self.check_token_nowhere()
        downloaded = self.folder / "downloaded"
        self.reference("fetch_pushed.py", "org/merged", downloaded, 'base_model="org/tiny"',
                       'base_model_relation="finetune"')
        logits = self.folder / "logits.safetensors"
        subprocess.run([WRITE_LOGITS, TINY_MODEL, run / "adapter", logits, *map(str, TOKENS)], check=True)
        print(self.reference("compare_exports.py", TINY_MODEL, logits, f"merged={downloaded}"))

    def test_a_finished_run_is_merged_and_pushed_later(self):
        self.temper("run", self.recipe, "--set", "duration.steps=2", env=self.environment)
        run = self.run_named("tiny")
        before = (run / "adapter" / "adapter_model.safetensors").read_bytes()
        self.temper("resume", run, "--set", "publish.form=merged", "--allow-changed", "recipe", env=self.environment)
        self.assertEqual((run / "adapter" / "adapter_model.safetensors").read_bytes(), before)
        self.temper("push", run, "--hub", "org/merged", env=self.environment)
        commit, = self.commits("org/merged")
        self.assertIn("model.safetensors", commit["files"])

    def test_lora(self):
        self.expect_same_logits(LORA)

    def test_rslora(self):
        self.expect_same_logits(RSLORA)

    def test_patterns(self):
        self.expect_same_logits(PATTERNS)

    def test_modules_to_save(self):
        untied = self.folder / "untied"
        Reference.reference(self, "untie_model.py", TINY_MODEL, untied)
        self.expect_same_logits(MODULES_TO_SAVE, untied)
