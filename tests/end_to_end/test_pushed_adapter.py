"""What huggingface_hub downloads after Temper trained and pushed an adapter, read by PEFT on Transformers (in the reference
environment, TEMPER_REFERENCE_PYTHON)."""

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
