"""A handful of random fault schedules; test_many_fault_schedules.py has a hundred on each transport."""

import json
import os
import pathlib
import signal
import time
import unittest

from fault_scenario import STEPS, TIMEOUT, FaultScenario
from scenario import RETRYABLE


class FaultScheduleTest(FaultScenario):
    def test_mpi(self):
        self.run_schedules("mpi", 4)

    def test_tcp(self):
        self.run_schedules("tcp", 4)


class LostRankTest(FaultScenario):
    """How soon every rank leaves, and what it says."""

    def lose(self, transport, number, bound):
        cluster = self.folder / f"{transport}.yaml"
        cluster.write_text(cluster.read_text().replace("max_restarts: 10", "max_restarts: 0"))
        process = self.start("run", self.recipe, "--on", cluster, "--name", "lost", *STEPS)
        self.wait_for_step("lost", 5, process)
        victim = self.trainers(process)[1]
        rank = self.rank_of(victim)
        os.kill(victim, number)
        struck = time.monotonic()
        code = process.wait(timeout=60)
        took = time.monotonic() - struck
        self.assertLess(took, bound)
        self.assertEqual(code, RETRYABLE, (self.folder / "output").read_text())
        print(f"{transport} {number.name}: {took:.1f} s", flush=True)
        logs = "".join(path.read_text() for path in (self.run_named("lost") / "logs").glob("rank-*.log"))
        return rank, logs

    @staticmethod
    def rank_of(pid):
        variables = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        values = dict(variable.split(b"=", 1) for variable in variables if b"=" in variable)
        return int(values.get(b"OMPI_COMM_WORLD_RANK") or values[b"RANK"])

    def test_a_killed_rank_of_tcp_is_named_within_seconds(self):
        rank, logs = self.lose("tcp", signal.SIGKILL, 10)
        self.assertRegex(logs, rf"rank {rank} \(.*\) is lost: its process or machine died.* step \d+, phase ")

    def test_a_killed_rank_of_mpi_ends_the_run_within_seconds(self):
        self.lose("mpi", signal.SIGKILL, 10)

    def test_a_frozen_rank_of_tcp_is_named_within_twice_the_timeout(self):
        rank, logs = self.lose("tcp", signal.SIGSTOP, 2 * TIMEOUT + 6)
        self.assertRegex(logs, rf"rank {rank} \(.*\) is lost: nothing was heard of it for \d+ s.* step \d+, phase ")

    def test_a_frozen_rank_of_mpi_is_named_within_twice_the_timeout(self):
        rank, logs = self.lose("mpi", signal.SIGSTOP, 2 * TIMEOUT + 6)
        self.assertRegex(logs, rf"rank {rank} \(.*\) is lost: nothing was heard of it for \d+ s.* step \d+, phase ")

    def test_ranks_over_tcp_give_the_same_bits_as_one(self):
        self.assertEqual(self.train("over-tcp", "--on", self.folder / "tcp.yaml", *STEPS), self.expected)
        record = json.loads((self.run_named("over-tcp") / "run.json").read_text())
        self.assertEqual(record["attempts"][0]["num_ranks"], 3)


if __name__ == "__main__":
    unittest.main()
