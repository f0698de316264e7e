"""What becomes of an adapter that Temper trained: `temper export` in every form, read by PEFT, Transformers and gguf (in
the reference environment, TEMPER_REFERENCE_PYTHON)."""

import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import unittest

from scenario import RETRYABLE, SOURCE, TINY_MODEL, USER_ERROR, FATAL, Scenario

WRITE_LOGITS = os.environ["TEMPER_WRITE_LOGITS"]
TOKENS = [1, 17, 300, 5, 42, 42, 200, 383, 9, 64, 128, 3]

LORA = "{rank: 4, alpha: 8}"
RSLORA = "{rank: 4, alpha: 8, rslora: true}"
PATTERNS = "{rank: 4, alpha: 8, rslora: true, rank_pattern: {q_proj: 2, down_proj: 8}, alpha_pattern: {up_proj: 3.5}}"
MODULES_TO_SAVE = "{rank: 4, alpha: 8, targets: [q_proj, v_proj], modules_to_save: [embed_tokens, lm_head, norm]}"


class ExportScenario(Scenario):
    def train_adapter(self, adapter, base=TINY_MODEL, name="tiny"):
        self.temper(
            "run", self.recipe, "--name", name, "--set", f"adapter={adapter}", "--set", f"model.base={base}",
            "--set", "duration.steps=6", "--set", "optimizer.lr=1e-2",
        )
        return self.run_named(name)

    def export(self, run, form, *arguments, **options):
        folder = self.folder / f"exported-{form}"
        output = self.temper("export", run, "--to", form, "--out", folder, *arguments, **options)
        return folder, output


class ExportReferenceTest(ExportScenario):
    def reference(self, script, *arguments):
        result = subprocess.run(
            [os.environ["TEMPER_REFERENCE_PYTHON"], SOURCE / "tests" / "reference" / script, *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def expect_same_logits(self, adapter, forms, base=TINY_MODEL):
        run = self.train_adapter(adapter, base)
        logits = self.folder / "logits.safetensors"
        subprocess.run([WRITE_LOGITS, base, run / "adapter", logits, *map(str, TOKENS)], check=True)
        folders = [f"peft={run / 'adapter'}"]
        for name, form in forms:
            folders.append(f"{name}={self.export(run, form)[0]}")
        print(self.reference("compare_exports.py", base, logits, *folders))

    def test_lora(self):
        self.expect_same_logits(LORA, [("scaled", "peft-portable"), ("merged", "merged"), ("gguf", "gguf-adapter")])

    def test_rslora(self):
        self.expect_same_logits(RSLORA, [("scaled", "peft-portable"), ("merged", "merged"), ("gguf", "gguf-adapter")])

    def test_patterns(self):
        self.expect_same_logits(PATTERNS, [("scaled", "peft-portable"), ("merged", "merged"), ("gguf", "gguf-adapter")])

    def test_modules_to_save(self):
        untied = self.folder / "untied"
        self.reference("untie_model.py", TINY_MODEL, untied)
        self.expect_same_logits(MODULES_TO_SAVE, [("merged", "merged")], untied)


    def test_cards_are_what_the_hub_reads_and_name_no_local_path(self):
        template = self.folder / "mine.jinja"
        template.write_text("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}")
        self.write_chats([{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}], "held_out.jsonl")
        self.temper(
            "run", self.recipe, "--set", f"data.train=[{{path: {self.folder}/chats.jsonl}}]",
            "--set", "data.eval=[{path: held_out.jsonl}]", "--set", "data.train_on=all", "--set", "duration.steps=6",
            "--set", "model.name=org/tiny", "--set", f"model.chat_template={template}",
        )
        run = self.run_named("tiny")
        adapter = run / "adapter"
        card = ["base_model=\"org/tiny\"", "pipeline_tag=\"text-generation\""]
        self.reference(
            "check_card.py", adapter / "README.md", *card, 'library_name="peft"', 'base_model_relation="adapter"',
            'tags=["base_model:adapter:org/tiny", "lora", "transformers"]',
        )
        merged, _ = self.export(run, "merged")
        self.reference("check_card.py", merged / "README.md", *card, 'base_model_relation="finetune"')
        gguf, _ = self.export(run, "gguf-adapter")
        self.reference("check_card.py", gguf / "README.md", *card, 'base_model_relation="adapter"')
        self.assertEqual((adapter / "chat_template.jinja").read_text(), template.read_text())
        self.assertTrue((adapter / "tokenizer.json").exists())
        metrics = json.loads((adapter / "metrics.json").read_text())
        self.assertEqual(metrics["steps"], 6)
        self.assertEqual([point["step"] for point in metrics["curve"]], list(range(7)))
        for folder in (adapter, merged, gguf):
            for path in folder.iterdir():
                if path.suffix in (".md", ".yaml", ".json"):
                    for local in (self.folder, TINY_MODEL):
                        self.assertNotIn(str(local), path.read_text(), path)


class ExportTest(ExportScenario):
    def test_a_merged_model_has_the_same_bytes_on_any_number_of_processors(self):
        run = self.train_adapter(PATTERNS)
        first, _ = self.export(run, "merged", "--shard-size", "100KB")
        again = self.folder / "again"
        subprocess.run(
            ["taskset", "-c", "0", os.environ["TEMPER"], "export", run, "--to", "merged", "--out", again,
             "--shard-size", "100KB"], check=True, stdout=subprocess.DEVNULL, cwd=self.folder,
        )
        names = sorted(path.name for path in first.iterdir())
        self.assertIn("model.safetensors.index.json", names)
        self.assertEqual(names, sorted(path.name for path in again.iterdir()))
        for name in names:
            self.assertEqual((first / name).read_bytes(), (again / name).read_bytes(), name)

    def test_peft_is_the_run_s_adapter_byte_for_byte(self):
        run = self.train_adapter(LORA)
        folder, _ = self.export(run, "peft")
        for path in (run / "adapter").iterdir():
            self.assertEqual(path.read_bytes(), (folder / path.name).read_bytes(), path.name)

    def test_an_exported_adapter_folder_can_be_exported_again(self):
        run = self.train_adapter(RSLORA)
        portable, _ = self.export(run, "peft-portable")
        merged, _ = self.export(portable, "merged", "--base", TINY_MODEL)
        self.assertTrue((merged / "model.safetensors").exists())

    def refused(self, expect, run, form, *arguments):
        folder, output = self.export(run, form, *arguments, expect=expect)
        self.assertFalse(folder.exists())
        self.assertEqual(list(self.folder.glob(".exported*")), [])
        return output

    def test_a_damaged_adapter_is_not_exported(self):
        run = self.train_adapter(LORA)
        weights = run / "adapter" / "adapter_model.safetensors"
        whole = weights.read_bytes()
        weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        self.assertIn("is not the file that passed the check", self.refused(FATAL, run, "merged"))
        weights.write_bytes(whole[:-4] + b"\x00\x00\xc0\x7f")  # a NaN
        (run / "adapter" / "export_check.json").unlink()
        self.assertIn("no finished run has exported", self.refused(USER_ERROR, run, "merged"))
        folder = self.folder / "copied"
        shutil.copytree(run / "adapter", folder)
        self.assertIn("holds nan; the adapter is damaged", self.refused(USER_ERROR, folder, "merged"))

    def test_a_base_that_cannot_be_used_is_explained(self):
        base = self.folder / "base"
        shutil.copytree(TINY_MODEL, base)
        run = self.train_adapter(LORA, base)
        config = json.loads((base / "config.json").read_text())
        (base / "config.json").unlink()
        self.assertIn("has no config.json", self.refused(USER_ERROR, run, "merged"))
        (base / "config.json").write_text(json.dumps({**config, "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}))
        self.assertIn("gpt2", self.refused(USER_ERROR, run, "gguf-adapter"))
        (base / "config.json").write_text(json.dumps({**config, "rms_norm_eps": 1e-6}))
        self.assertIn("not the weights that the adapter was trained on", self.refused(USER_ERROR, run, "merged"))
        shutil.rmtree(base)
        self.assertIn("say where it is with --base", self.refused(USER_ERROR, run, "merged"))

    def test_a_full_disk_leaves_nothing(self):
        run = self.train_adapter(LORA)

        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

        folder, output = self.export(run, "merged", expect=RETRYABLE, preexec_fn=small_files)
        self.assertIn("cannot write", output)
        self.assertFalse(folder.exists())
        self.assertEqual(list(self.folder.glob(".exported*")), [])

    def test_wrong_requests_are_explained(self):
        run = self.train_adapter(LORA)
        (self.folder / "exported-peft").mkdir()
        _, output = self.export(run, "peft", expect=USER_ERROR)
        self.assertIn("exists already", output)
        self.assertIn("--to", self.refused(USER_ERROR, run, "onnx"))
        self.assertIn("no run 'other'", self.refused(USER_ERROR, "other", "merged"))
        (run / "adapter").rename(self.folder / "moved")
        self.assertIn("is gone; `temper resume", self.refused(USER_ERROR, run, "merged"))
        record = json.loads((run / "run.json").read_text())
        (run / "run.json").write_text(json.dumps({**record, "state": "stopped"}))
        self.assertIn("is stopped at step 6 of 6 and has no adapter yet", self.refused(USER_ERROR, run, "merged"))

    def test_a_fully_trained_model_is_no_adapter(self):
        run = self.train_adapter("{type: none}")
        for form in ("peft", "merged", "gguf-adapter"):
            self.assertIn("its model is whole already", self.refused(USER_ERROR, run, form))

    def test_the_gate_records_the_losses(self):
        run = self.train_adapter(LORA)
        record = json.loads((run / "adapter" / "export_check.json").read_text())
        self.assertEqual(record["samples"], 4)
        self.assertAlmostEqual(record["trained_loss"], record["file_loss"], delta=1e-5)
        full = self.train_adapter("{type: none}", name="full")
        record = json.loads((full / "model" / "export_check.json").read_text())
        self.assertEqual(record["kind"], "model")
        self.assertAlmostEqual(record["trained_loss"], record["file_loss"], delta=1e-4)


if __name__ == "__main__":
    unittest.main()
