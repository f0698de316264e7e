"""Random faults on the ranks of a run: whatever happens and when, it ends with the same bits, in bounded time."""

import os
import random
import signal
import time

from scenario import Scenario, descendants

TIMEOUT = 2  # seconds of silence after which a rank counts as frozen
RANKS = 3
FAULTS = [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM]
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
        found = []
        for pid in descendants(process.pid):
            try:
                if os.readlink(f"/proc/{pid}/exe").endswith("/temper-trainer"):
                    found.append(pid)
            except OSError:
                pass
        return found

    def strike(self, chance, process):
        """One fault, on one rank, at some moment from now; None if the run was over before."""
        time.sleep(chance.uniform(0, 2.5))
        number = chance.choice(FAULTS)
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            ranks = self.trainers(process)
            if ranks:
                try:
                    os.kill(chance.choice(ranks), number)
                    return number
                except ProcessLookupError:
                    pass
            time.sleep(0.01)
        return None

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
                fault = self.strike(chance, process)
                if fault:
                    faults.append(fault.name)
            bound = SECONDS_A_FAULT * (1 + len(faults))
            code = process.wait(timeout=bound)
            if code == 0:
                break
            arguments = ["resume", self.run_named(name), "--on", self.folder / f"{transport}.yaml"]
        output = (self.folder / "output").read_text()
        self.assertEqual(code, 0, f"seed {seed}, {faults}\n{output}")
        self.assertEqual(self.adapter(self.run_named(name)), self.expected, f"seed {seed}, {faults}")
        print(f"{name}: {len(faults)} faults ({' '.join(faults)}), {session + 1} sessions, "
              f"{time.monotonic() - began:.1f} s", flush=True)

    def run_schedules(self, transport, count):
        first = self.random().randrange(2**30)
        for seed in range(first, first + count):
            (self.folder / "output").unlink(missing_ok=True)
            self.run_schedule(transport, seed)
