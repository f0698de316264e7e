"""GPUs that are not there are refused by `temper plan`, with the real trainer's words."""

import glob
import os
import pathlib
import subprocess
import unittest

from scenario import TEMPER, USER_ERROR, Scenario

TRAINER = pathlib.Path(TEMPER).with_name("temper-trainer")


@unittest.skipIf(glob.glob("/dev/nvidia[0-9]*"), "this machine has a GPU")
class GpuTest(Scenario):
    def test_a_plan_for_gpus_that_are_not_here_is_refused(self):
        cluster = self.folder / "gpus.yaml"
        cluster.write_text("kind: local\nresources: {gpus: 2}\n")
        for verb in ("plan", "run"):
            output = self.temper(verb, self.recipe, "--on", cluster, expect=USER_ERROR)
            self.assertIn("resources.gpus: is 2, but", output)
            self.assertIn("no CUDA device", output)
        self.assertEqual(self.runs(), [])

    def test_the_trainer_names_its_libraries(self):
        version = subprocess.run([TRAINER, "--version"], capture_output=True, text=True, check=True).stdout
        self.assertRegex(version, r"^[0-9.]+ \(LibTorch [0-9.]+, (no CUDA|CUDA [0-9.]+, NCCL [0-9.]+)\)$")

    def test_a_rank_finds_no_gpu(self):
        (self.folder / "run" / "logs").mkdir(parents=True)
        rank = subprocess.run([TRAINER, "--run", self.folder / "run", "--gpus"], capture_output=True, text=True, check=False)
        self.assertEqual(rank.returncode, USER_ERROR, rank.stdout + rank.stderr)
        self.assertIn("no CUDA device", rank.stdout + rank.stderr)

    def test_the_trainer_needs_a_run_or_a_question(self):
        lost = subprocess.run([TRAINER], capture_output=True, text=True, check=False, env=dict(os.environ))
        self.assertEqual(lost.returncode, USER_ERROR, lost.stdout + lost.stderr)
        self.assertIn("--run is required", lost.stdout + lost.stderr)


if __name__ == "__main__":
    unittest.main()
