"""Trouble around the run directory: not writable, full, changed or in use."""

import os
import shutil
import subprocess
import unittest

from scenario import CHECKPOINTED, RETRYABLE, TINY_MODEL, USER_ERROR, Scenario, chats


class RunDirectoryTest(Scenario):
    def stop_after_some_steps(self, name, *arguments):
        """A run that has stopped in the middle with a checkpoint."""
        process = self.start("run", self.recipe, "--name", name, "--set", "duration.steps=150", *arguments)
        self.wait_for_step(name, 7, process)
        process.terminate()
        self.assertEqual(process.wait(timeout=120), CHECKPOINTED, (self.folder / "output").read_text())
        return self.run_named(name)

    def test_it_can_not_be_made(self):
        output = self.temper("run", self.recipe, "--set", "checkpoint.to=chats.jsonl/runs", expect=USER_ERROR)
        self.assertIn("checkpoint.to", output)

    def test_resume_of_what_is_no_run(self):
        self.assertIn("nothing-here", self.temper("resume", "nothing-here", expect=USER_ERROR))

    def test_resume_of_a_finished_run(self):
        adapter = self.train("done", "--set", "duration.steps=2")
        self.temper("resume", self.run_named("done"))
        self.assertEqual(self.adapter(self.run_named("done")), adapter)

    def test_resume_with_a_changed_recipe(self):
        run = self.stop_after_some_steps("changed")
        output = self.temper("resume", run, "--set", "optimizer.lr=1e-3", expect=USER_ERROR)
        self.assertIn("optimizer.lr", output)
        self.assertIn("--allow-changed", output)
        self.temper("resume", run, "--set", "optimizer.lr=1e-3", "--allow-changed", "recipe")
        self.adapter(run)

    def test_resume_with_changed_data(self):
        run = self.stop_after_some_steps("other")
        self.write_chats(chats(47))
        output = self.temper("resume", run, expect=USER_ERROR)
        self.assertIn("data", output)
        self.assertIn("--allow-changed", output)
        self.write_chats(chats(48))
        self.temper("resume", run)

    def test_resume_with_another_base_model(self):
        model = self.folder / "model"
        shutil.copytree(TINY_MODEL, model)
        run = self.stop_after_some_steps("base", "--set", f"model.base={model}")
        weights = bytearray((model / "model.safetensors").read_bytes())
        weights[-1] ^= 1
        (model / "model.safetensors").write_bytes(weights)
        self.assertIn("--allow-changed", self.temper("resume", run, expect=USER_ERROR))

    def test_two_resumes_at_once(self):
        expected = self.train("whole", "--set", "duration.steps=150")
        run = self.stop_after_some_steps("twice")
        before = self.steps_done("twice")
        first = self.start("resume", run)
        self.wait_for_step("twice", before + 1, first)
        output = self.temper("resume", run, expect=USER_ERROR)
        self.assertIn(run.name, output)
        self.assertEqual(first.wait(timeout=120), 0)
        self.assertEqual(self.adapter(run), expected)

    @unittest.skipUnless(os.geteuid() == 0, "mounts a small file system")
    def test_a_full_disk(self):
        expected = self.train("whole")
        disk = self.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=False)
        cluster = self.folder / "cluster.yaml"
        cluster.write_text("version: 1\nkind: local\nmax_restarts: 0\n")
        output = self.temper(
            "run", self.recipe, "--on", cluster, "--set", f"checkpoint.to={disk}", expect=RETRYABLE
        )
        (run,) = disk.glob("tiny-*/")
        self.assertIn("No space left on device", output)
        self.assertFalse((run / "adapter").exists())
        subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True)
        self.temper("resume", run)
        self.assertEqual(self.adapter(run), expected)


if __name__ == "__main__":
    unittest.main()
