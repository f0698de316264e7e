"""Runs on a real two-node Slurm: what Slurm does to them changes no bit of the adapter."""

import json
import os
import signal
import subprocess
import time
import unittest

from scenario import CHECKPOINTED, USER_ERROR
from slurm_scenario import SlurmScenario

STEPS = 200  # some seconds on two nodes


class SlurmTest(SlurmScenario):
    def local(self, steps=STEPS):
        """The adapter of the same recipe on this machine, one rank."""
        return self.train("local", "--set", f"duration.steps={steps}")

    def test_a_submitted_run_is_followed_to_the_local_adapter(self):
        adapter = self.local(20)
        run = self.submit("followed", steps=20)
        log = self.temper("logs", "-f", run)
        self.assertIn("rank 3", log)
        record = self.expect_done(run, adapter)
        self.assertEqual(record["backend"], "slurm")
        self.assertEqual(len(record["attempts"]), 1)
        self.assertIn("already done", self.temper("resume", run))
        self.assertIn("isn't running", self.temper("cancel", run, expect=USER_ERROR))

    def test_mpirun_starts_the_ranks_where_srun_has_no_plugin(self):
        adapter = self.local(20)
        run = self.submit("fallback", steps=20, more="slurm: {mpi: not-there}")
        self.expect_done(run, adapter)

    def test_a_cancelled_run_saves_its_state_and_is_resumed(self):
        adapter = self.local()
        run = self.submit("cancelled", steps=STEPS)
        self.wait_for_steps(run, 20)
        self.assertIn("stopped", self.temper("cancel", run))
        record = self.record(run)
        self.assertEqual(record["attempts"][-1]["exit_code"], CHECKPOINTED)
        time.sleep(5)  # long enough for a job that was queued again to be there
        self.assertEqual(self.status(run)["state"], "stopped")
        self.temper("resume", run)
        record = self.expect_done(run, adapter)
        self.assertEqual(len(record["attempts"]), 2)

    def test_a_waiting_run_is_taken_out_of_the_queue(self):
        run = self.submit("waiting", steps=20, more="slurm: {options: [--hold]}")
        self.assertEqual(self.status(run)["state"], "pending")
        self.temper("cancel", run)
        self.assertEqual(self.status(run)["state"], "stopped")
        self.assertIn("no attempt yet", self.temper("logs", run, expect=USER_ERROR))

    def test_a_preempted_run_goes_on_by_itself(self):
        adapter = self.local()
        run = self.submit("preempted", steps=STEPS)
        self.wait_for_steps(run, 20)
        self.slurm("scontrol", "requeue", self.record(run)["job"])
        self.wait_for_state(run, "pending")
        record = self.expect_done(run, adapter)
        self.assertGreaterEqual(len(record["attempts"]), 2)

    def test_the_time_limits_signal_saves_and_queues_again(self):
        adapter = self.local()
        run = self.submit("limited", steps=STEPS)
        self.wait_for_steps(run, 20)
        self.slurm("scancel", "--signal=USR2", "--batch", self.record(run)["job"])
        self.wait_for_state(run, "pending")
        record = self.expect_done(run, adapter)
        self.assertEqual(record["attempts"][0]["exit_code"], CHECKPOINTED)

    def test_a_killed_rank_is_restarted_inside_the_job(self):
        adapter = self.local()
        run = self.submit("killed", steps=STEPS)
        self.wait_for_steps(run, 20)
        os.kill(self.random().choice(self.ranks(run)), signal.SIGKILL)
        record = self.expect_done(run, adapter)
        self.assertEqual(len(record["attempts"]), 2)

    def test_a_killed_step_is_restarted_inside_the_job(self):
        adapter = self.local()
        run = self.submit("step", steps=STEPS)
        self.wait_for_steps(run, 20)
        self.slurm("scancel", "--signal=KILL", self.record(run)["job"] + ".0")
        record = self.expect_done(run, adapter)
        self.assertEqual(len(record["attempts"]), 2)

    def test_a_broken_run_stops_at_once_and_says_why(self):
        with open(self.folder / "chats.jsonl", "a", encoding="utf-8") as chats:
            chats.write('{"messages": [{"role": "user", "content": 7}]}\n')
        run = self.submit("broken")
        status = self.wait_for_state(run, "failed")
        self.assertIn("chats.jsonl", status["message"])
        self.assertEqual(len(status["attempts"]), 1)
        self.assertNotIn(status["attempts"][0]["exit_code"], (0, 75, 85))

    def test_a_repeated_submit_finds_the_first_job(self):
        run = self.submit("twice", steps=20, more="slurm: {options: [--hold]}")
        job = self.record(run)["job"]
        again = self.temper("submit", self.recipe, "--on", self.folder / "slurm.yaml", "--name", "twice", expect=USER_ERROR)
        self.assertIn(run.name, again)
        # As if the first submit had died between sbatch and its note of the job.
        record = (run / "run.json").read_text().replace(f'"job": "{job}"', '"job": ""')
        (run / "run.json").write_text(record)
        answer = self.temper("submit", self.recipe, "--on", self.folder / "slurm.yaml", "--name", "twice",
                             "--set", "duration.steps=20")
        self.assertIn(f"job {job}", answer)
        self.assertEqual(self.slurm("squeue", "--noheader", f"--name={run.name}", "--format=%A").split(), [job])

    def test_sbatchs_refusal_is_passed_on(self):
        text = self.temper("submit", self.recipe, "--on", self.write_cluster("slurm: {partition: gpux}"),
                           "--name", "refused", expect=USER_ERROR)
        self.assertIn("invalid partition specified", text)
        self.assertEqual(list((self.folder / "runs").glob("refused-*")), [])  # sbatch was asked before

    def test_plan_asks_sbatch_without_submitting(self):
        plan = json.loads(self.temper("plan", self.recipe, "--on", self.write_cluster(), "--json"))
        (check,) = [check for check in plan["checks"] if check["what"] == "slurm takes the job"]
        self.assertEqual(check["result"], "ok", check)
        self.assertIn("to start at", check["detail"])
        self.assertEqual(self.slurm("squeue", "--noheader").split(), [])

    def sweep(self, *arguments, more=""):
        """Two runs of other learning rates as one job; their directories."""
        self.temper("submit", self.recipe, "--on", self.write_cluster(more), "--name", "sweep",
                    "--sweep", "optimizer.lr=1e-3,2e-3", *arguments)
        runs = [self.run_named("sweep-lr-1e-3"), self.run_named("sweep-lr-2e-3")]
        array = self.record(runs[0])["job"].partition("_")[0]
        self.addCleanup(subprocess.run, ["scancel", array], check=False, capture_output=True)
        self.assertEqual([self.record(run)["job"] for run in runs], [f"{array}_0", f"{array}_1"])
        return runs

    def test_a_sweep_is_an_array_whose_runs_go_on_by_themselves(self):
        steps = ("--set", f"duration.steps={STEPS}")
        adapters = [self.train(f"local-{lr}", "--set", f"optimizer.lr={lr}", *steps) for lr in ("1e-3", "2e-3")]
        runs = self.sweep(*steps)
        self.wait_for_steps(runs[0], 20)
        self.slurm("scancel", "--signal=USR2", "--batch", self.record(runs[0])["job"])
        self.wait_for_state(runs[0], "pending")
        records = [self.expect_done(run, adapter) for run, adapter in zip(runs, adapters)]
        self.assertEqual([len(record["attempts"]) for record in records], [2, 1])
        self.assertIn("rank 3", self.temper("logs", runs[1]))

    def test_one_run_of_a_sweep_is_cancelled_and_resumed(self):
        runs = self.sweep(more="slurm: {options: [--hold]}")
        self.assertEqual(self.status(runs[1])["state"], "pending")
        self.temper("cancel", runs[1])
        self.assertEqual([self.status(run)["state"] for run in runs], ["pending", "stopped"])
        self.write_cluster()
        self.temper("resume", runs[1], "--on", self.folder / "slurm.yaml")
        self.wait_for_state(runs[1], "done")
        self.assertEqual(self.status(runs[0])["state"], "pending")


class SlurmTimeLimitTest(SlurmScenario):
    def test_a_run_longer_than_its_time_limit_goes_on_by_itself(self):
        steps = 40000
        run = self.submit("long", steps=steps, more="time_limit_minutes: 1")
        self.wait_for_steps(run, 20)
        deadline = time.monotonic() + 240
        while len(self.record(run)["attempts"]) < 2:
            self.assertLess(time.monotonic(), deadline, self.story(run))
            time.sleep(1)
        record = self.record(run)
        self.assertEqual(record["attempts"][0]["exit_code"], CHECKPOINTED)
        self.wait_for_steps(run, record["attempts"][0]["last_step"] + 1)
        self.temper("cancel", run)


if __name__ == "__main__":
    unittest.main()
