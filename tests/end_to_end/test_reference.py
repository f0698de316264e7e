"""What Transformers and PEFT make of a finished run (in the reference environment, TEMPER_REFERENCE_PYTHON)."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

from scenario import SOURCE, TINY_MODEL, Scenario, chats

TOLERANCE = 1e-5  # relative


class ReferenceTest(Scenario):
    def setUp(self):
        super().setUp()
        self.write_chats(list(chats(64))[48:], "held_out.jsonl")

    def reference(self, script, *arguments):
        """What tests/reference/<script> prints."""
        return subprocess.run(
            [os.environ["TEMPER_REFERENCE_PYTHON"], SOURCE / "tests" / "reference" / script, *map(str, arguments)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    def held_out_losses(self, run):
        """Temper's losses on the held-out chats before and after training."""
        records = [json.loads(line) for line in (run / "progress.jsonl").read_text().splitlines()]
        losses = [record["eval_loss"] for record in records if record.get("eval_loss") is not None]
        return losses[0], losses[-1]

    def expect_close(self, actual, expected):
        self.assertLess(abs(actual - expected), TOLERANCE * expected, f"{actual} is not {expected}")

    def test_peft_computes_the_same_losses_with_the_adapter(self):
        self.temper("run", self.recipe, "--ranks", 2, "--set", "data.eval=[{path: held_out.jsonl}]")
        run = self.run_named("tiny")
        before, after = self.held_out_losses(run)
        self.assertLess(after, before - 0.1)
        data = self.folder / "held_out.jsonl"
        base = json.loads(self.reference("reference_loss.py", TINY_MODEL, data))
        adapted = json.loads(self.reference("reference_loss.py", TINY_MODEL, data, run / "adapter"))
        self.expect_close(before, base["loss"])
        self.expect_close(after, adapted["loss"])

    def test_peft_loads_every_key_of_the_adapter(self):
        patterns = '{rank: 4, rslora: true, rank_pattern: {q_proj: 2}, alpha_pattern: {down_proj: 3}}'
        self.train("keys", "--set", f"adapter={patterns}", "--set", "duration.steps=3")
        self.reference("check_adapter.py", TINY_MODEL, self.run_named("keys") / "adapter")

    def test_transformers_computes_the_same_losses_after_full_fine_tuning(self):
        self.temper(
            "run", self.recipe, "--set", "adapter={type: none}", "--set", "data.eval=[{path: held_out.jsonl}]"
        )
        run = self.run_named("tiny")
        _, after = self.held_out_losses(run)
        trained = self.reference("reference_loss.py", run / "model", self.folder / "held_out.jsonl")
        self.expect_close(after, json.loads(trained)["loss"])

    def test_training_from_random_weights_gives_a_model_that_transformers_loads(self):
        bare = self.folder / "bare"
        shutil.copytree(TINY_MODEL, bare, ignore=shutil.ignore_patterns("*.safetensors"))
        adapter_and_base = ("--set", "adapter={type: none}", "--set", "model.init=random", "--set", f"model.base={bare}")
        models = []
        for name, ranks in (("one", 1), ("two", 2)):
            self.temper("run", self.recipe, "--name", name, "--ranks", ranks, *adapter_and_base)
            models.append(self.run_named(name) / "model")
        first, second = (pathlib.Path(model, "model.safetensors").read_bytes() for model in models)
        self.assertEqual(first, second)
        self.reference("check_model.py", models[0])


if __name__ == "__main__":
    unittest.main()
