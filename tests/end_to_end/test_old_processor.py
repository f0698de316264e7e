"""A processor without AVX trains too, slower: an emulated Nehalem of 2008. Needs qemu-x86_64 (Debian's qemu-user)."""

import json
import shutil
import subprocess
import unittest

from scenario import TEMPER, Scenario


class OldProcessorTest(Scenario):
    def losses(self, run):
        return [json.loads(line)["loss"] for line in (run / "progress.jsonl").read_text().splitlines()]

    def test_it_trains_without_avx(self):
        self.train("native", "--set", "duration.steps=3")
        native = self.run_named("native")
        emulated = self.folder / "emulated"
        shutil.copytree(native, emulated, ignore=shutil.ignore_patterns("checkpoints", "adapter", "progress.jsonl", "logs"))
        (emulated / "logs").mkdir()
        result = subprocess.run(
            ["qemu-x86_64", "-cpu", "Nehalem", f"{TEMPER}-trainer", "--run", emulated, "--ranks", "1", "--slot-workers", "1",
             "--attempt", "emulated"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=200, check=False)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(len(self.losses(emulated)), len(self.losses(native)))
        for mine, other in zip(self.losses(emulated), self.losses(native)):
            self.assertAlmostEqual(mine, other, delta=1e-5)
        self.assertTrue((emulated / "adapter" / "adapter_model.safetensors").exists())


if __name__ == "__main__":
    unittest.main()
