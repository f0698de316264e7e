"""A run that is killed or stopped goes on later, on another number of ranks, and ends with the same bits."""

import json
import os
import signal
import time
import unittest

from scenario import CHECKPOINTED, Scenario, chats, descendants

STEPS = 150
LONG = ("--set", f"duration.steps={STEPS}")


class InterruptionTest(Scenario):
    def kill_and_resume(self, ranks, resume_ranks):
        expected = self.train("whole", *LONG)
        chance = self.random()
        process = self.start("run", self.recipe, "--name", "killed", "--ranks", ranks, *LONG)
        self.wait_for_step("killed", chance.randrange(1, STEPS // 2), process)
        time.sleep(chance.random() * 0.05)
        self.kill(process)
        self.assertLess(self.steps_done("killed"), STEPS, "the run was over before it was killed")
        self.temper("resume", self.run_named("killed"), "--ranks", resume_ranks)
        self.assertEqual(self.adapter(self.run_named("killed")), expected)

    def test_killed_on_one_rank_and_resumed_on_three(self):
        self.kill_and_resume(1, 3)

    def test_killed_on_three_ranks_and_resumed_on_two(self):
        self.kill_and_resume(3, 2)

    def test_killed_before_the_first_checkpoint(self):
        expected = self.train("whole")
        process = self.start("run", self.recipe, "--name", "early", "--set", "checkpoint.every=0")
        deadline = time.monotonic() + 60
        while not list((self.folder / "runs").glob("early-*/run.json")) and time.monotonic() < deadline:
            time.sleep(0.002)
        self.kill(process)
        self.temper("resume", self.run_named("early"))
        self.assertEqual(self.adapter(self.run_named("early")), expected)

    def test_a_lost_rank_is_replaced_by_the_supervisor(self):
        expected = self.train("whole", *LONG)
        process = self.start("run", self.recipe, "--name", "lost", "--ranks", 2, *LONG)
        self.wait_for_step("lost", 10, process)
        trainers = [pid for pid in descendants(process.pid) if self.is_trainer(pid)]
        self.assertEqual(len(trainers), 2)
        os.kill(trainers[-1], signal.SIGKILL)
        self.assertEqual(process.wait(timeout=120), 0, (self.folder / "output").read_text())
        self.assertEqual(self.adapter(self.run_named("lost")), expected)

    def is_trainer(self, pid):
        try:
            return os.readlink(f"/proc/{pid}/exe").endswith("/temper-trainer")
        except OSError:
            return False

    def stop_and_resume(self, number, ranks, resume_ranks):
        expected = self.train("whole", *LONG)
        process = self.start("run", self.recipe, "--name", "stopped", "--ranks", ranks, *LONG)
        self.wait_for_step("stopped", 7, process)
        process.send_signal(number)
        self.assertEqual(process.wait(timeout=120), CHECKPOINTED, (self.folder / "output").read_text())
        stopped_at = self.steps_done("stopped")
        self.assertLess(stopped_at, STEPS)
        self.temper("resume", self.run_named("stopped"), "--ranks", resume_ranks)
        self.assertEqual(self.adapter(self.run_named("stopped")), expected)
        return stopped_at

    def test_sigterm_saves_and_ends_with_85(self):
        self.stop_and_resume(signal.SIGTERM, 2, 1)

    def test_sigint_saves_and_ends_with_85(self):
        self.stop_and_resume(signal.SIGINT, 1, 2)

    def test_sigusr2_saves_and_ends_with_85(self):
        self.stop_and_resume(signal.SIGUSR2, 3, 3)

    def test_a_stop_after_the_last_step_leaves_evaluation_and_adapter_to_the_resume(self):
        self.write_chats(list(chats(3000)), "eval.jsonl")  # the evaluation takes seconds
        few = ["--set", "duration.steps=3", "--set", "data.eval=[{path: eval.jsonl}]"]
        expected = self.train("whole", *few)
        process = self.start("run", self.recipe, "--name", "late", *few)
        self.wait_for_step("late", 3, process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=120), CHECKPOINTED, (self.folder / "output").read_text())
        run = self.run_named("late")
        self.assertFalse((run / "adapter").exists())
        self.assertEqual(self.last_evaluation(run)["step"], 0)
        self.temper("resume", run)
        self.assertEqual(self.last_evaluation(run)["step"], 3)
        self.assertEqual(self.last_evaluation(run)["eval_loss"], self.last_evaluation(self.run_named("whole"))["eval_loss"])
        self.assertEqual(self.adapter(run), expected)

    def last_evaluation(self, run):
        records = [json.loads(line) for line in (run / "progress.jsonl").read_text().splitlines()]
        return [record for record in records if record["eval_loss"] is not None][-1]

    def test_a_broken_checkpoint_is_passed_over_for_an_older_one(self):
        expected = self.train("whole", *LONG)
        process = self.start("run", self.recipe, "--name", "broken", *LONG)
        self.wait_for_step("broken", 30, process)
        self.kill(process)
        run = self.run_named("broken")
        saved = sorted((run / "checkpoints").glob("step-*/MANIFEST.json"))
        self.assertGreaterEqual(len(saved), 2)
        state = next(saved[-1].parent.glob("*.safetensors"))
        content = bytearray(state.read_bytes())
        content[-1] ^= 1
        state.write_bytes(content)
        output = self.temper("resume", run)
        log = output + "".join(path.read_text() for path in (run / "logs").iterdir())
        self.assertIn(saved[-1].parent.name, log)
        self.assertEqual(self.adapter(run), expected)


if __name__ == "__main__":
    unittest.main()
