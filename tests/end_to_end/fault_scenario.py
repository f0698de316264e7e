"""Random faults on the ranks of a run: whatever happens and when, it ends with the same bits, in bounded time."""

import json
import os
import random
import signal
import subprocess
import time

from scenario import Scenario, descendants

TIMEOUT = 2  # seconds of silence after which a rank counts as frozen
RANKS = 3
FAULTS = [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM]
# How soon the other ranks have left after a fault of a run that makes steps; before that ranks that wait for a frozen one
# to start give up after the meeting's time (launcher/cli/foreground.cpp), which begins when they have started themselves.
KILLED = 10
FROZEN = 2 * TIMEOUT
FROZEN_AT_START = max(8, 2 * TIMEOUT) + 3
# What one fault may cost: being noticed, a frozen rank killed, a restart, the work since the last checkpoint.
SECONDS_A_FAULT = 2 * TIMEOUT + 10 + 30
STEPS = ("--set", "duration.steps=60")

CLUSTER = """\
kind: local
ranks: %d
slot_workers: 1
transport: %s
heartbeat_timeout_seconds: %d
max_restarts: 10
backoff_seconds: 0.1
"""


class FaultScenario(Scenario):
    def setUp(self):
        super().setUp()
        for transport in ("mpi", "tcp"):
            (self.folder / f"{transport}.yaml").write_text(CLUSTER % (RANKS, transport, TIMEOUT))
        self.expected = self.train("whole", *STEPS)

    def trainers(self, process):
        """The ranks that a launcher has started."""
        return [pid for pid in descendants(process.pid) if self.is_trainer(pid)]

    @staticmethod
    def is_trainer(pid):
        try:
            return os.readlink(f"/proc/{pid}/exe").endswith("/temper-trainer")
        except OSError:
            return False

    def makes_steps(self, name):
        """Whether the newest attempt of a run has begun to."""
        run = self.run_named(name)
        attempts = json.loads((run / "run.json").read_text())["attempts"]
        lines = (run / "progress.jsonl").read_text().split("\n")[:-1] if (run / "progress.jsonl").exists() else []
        return bool(attempts and lines) and json.loads(lines[-1])["attempt"] == attempts[-1]["id"]

    def strike(self, chance, process, name):
        """One fault, on one rank, at some moment from now: the signal, the other ranks, how soon they must have left.
        None if the run was over before."""
        time.sleep(chance.uniform(0, 2.5))
        number = chance.choice(FAULTS)
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            ranks = self.trainers(process)
            if ranks:
                try:
                    victim = chance.choice(ranks)
                    frozen = FROZEN if self.makes_steps(name) else FROZEN_AT_START
                    os.kill(victim, number)
                    others = [rank for rank in ranks if rank != victim]
                    return number, others, {signal.SIGKILL: KILLED, signal.SIGSTOP: frozen}.get(number)
                except ProcessLookupError:
                    pass
            time.sleep(0.01)
        return None

    def expect_gone(self, ranks, bound, story):
        """Seconds until all of these have left."""
        began = time.monotonic()
        while any(self.is_trainer(rank) for rank in ranks):
            self.assertLess(time.monotonic() - began, bound, f"{story}: the other ranks are still there")
            time.sleep(0.01)
        return time.monotonic() - began

    def run_schedule(self, transport, seed):
        """Up to three faults; a run that was given up is resumed."""
        chance = random.Random(seed)
        name = f"{transport}-{seed}"
        arguments = ["run", self.recipe, "--on", self.folder / f"{transport}.yaml", "--name", name, *STEPS]
        began = time.monotonic()
        faults = []
        for session in range(6):
            process = self.start(*arguments)
            while process.poll() is None and len(faults) < 3:
                fault = self.strike(chance, process, name)
                if not fault:
                    continue
                number, others, bound = fault
                faults.append(number.name)
                if bound:
                    faults[-1] += f" {self.expect_gone(others, bound, f'seed {seed}, {faults}'):.1f}/{bound}"
            bound = SECONDS_A_FAULT * (1 + len(faults))
            try:
                code = process.wait(timeout=bound)
            except subprocess.TimeoutExpired:
                self.fail(f"seed {seed}, {faults}: hangs\n{(self.folder / 'output').read_text()}")
            if code == 0:
                break
            arguments = ["resume", self.run_named(name), "--on", self.folder / f"{transport}.yaml"]
        output = (self.folder / "output").read_text()
        self.assertEqual(code, 0, f"seed {seed}, {faults}\n{output}")
        self.assertEqual(self.adapter(self.run_named(name)), self.expected, f"seed {seed}, {faults}")
        print(f"{name}: {len(faults)} faults ({', '.join(faults)}), {session + 1} sessions, "
              f"{time.monotonic() - began:.1f} s", flush=True)

    def run_schedules(self, transport, count):
        first = self.random().randrange(2**30)
        for seed in range(first, first + count):
            (self.folder / "output").unlink(missing_ok=True)
            self.run_schedule(transport, seed)
