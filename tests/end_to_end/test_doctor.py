"""`temper doctor` with the real trainer: the communication of ranks on this machine's processor."""

import glob
import json
import os
import pathlib
import signal
import time
import unittest

from scenario import USER_ERROR, Scenario, descendants


def state_of(report, what):
    (finding,) = (found for found in report["findings"] if found["what"] == what)
    return finding["state"], finding["detail"]


class DoctorTest(Scenario):
    def report(self, *arguments, **options):
        output = self.temper("doctor", *arguments, "--json", **options)
        return json.loads(output[output.index("{"):])

    def test_a_machine_that_builds_temper_has_what_is_required(self):
        report = self.report()
        self.assertTrue(report["ok"])
        self.assertEqual(state_of(report, "temper-trainer")[0], "ok")
        self.assertRegex(state_of(report, "temper-trainer")[1], r"^[0-9.]+ \(LibTorch [0-9.]+, ")
        self.assertRegex(state_of(report, "mpirun")[1], r"Open MPI")

    def test_ranks_communicate_over_tcp_and_mpi(self):
        for transport, ranks in (("tcp", 2), ("tcp", 3), ("mpi", 2)):
            report = self.report("--ranks", ranks, "--transport", transport, "--largest", 1 << 18)
            communication = report["communication"]
            self.assertEqual(communication["communicator"], transport)
            self.assertEqual(communication["ranks"], ranks)
            self.assertEqual(len(communication["hosts"]), ranks)
            self.assertEqual(len(communication["collectives"]), 3 * 3)
            for collective in communication["collectives"]:
                self.assertEqual(collective["wrong_bytes"], 0)
                self.assertGreater(collective["seconds"], 0)
                factor = 1 if collective["operation"] == "broadcast" else (ranks - 1) / ranks
                bandwidth = collective["bytes"] / collective["seconds"]
                self.assertAlmostEqual(collective["bus_bandwidth"] / (bandwidth * factor), 1, delta=1e-6)

    def test_a_cluster_file_says_how_ranks_meet(self):
        cluster = self.folder / "cluster.yaml"
        cluster.write_text("kind: local\nranks: 2\ntransport: tcp\n")
        report = self.report("--on", cluster, "--transport", "tcp", "--largest", 1 << 14)
        self.assertEqual(report["communication"]["communicator"], "tcp")
        self.assertTrue(self.report("--on", cluster)["ok"])

    def test_a_rank_that_is_killed_is_named(self):
        doctor = self.start(
            "doctor", "--ranks", 3, "--transport", "tcp", "--largest", 1 << 30,
            env=os.environ | {"TMPDIR": str(self.folder)})
        deadline = time.monotonic() + 60
        while not list(self.folder.glob("temper-doctor-*/logs/rank-0002.log")):  # it has met the others
            self.assertLess(time.monotonic(), deadline, "the ranks do not start")
            time.sleep(0.05)
        time.sleep(2)  # heartbeats run
        ranks = self.ranks_of(doctor.pid)
        began = time.monotonic()
        os.kill(ranks[2], signal.SIGKILL)
        self.assertEqual(doctor.wait(timeout=30), USER_ERROR)
        self.assertLess(time.monotonic() - began, 20)
        output = (self.folder / "output").read_text()
        self.assertIn("failed   communication", output)
        self.assertRegex(output, r"rank 2 \(.*died")
        self.assertEqual(list(self.folder.glob("temper-doctor-*")), [])

    @unittest.skipIf(glob.glob("/dev/nvidia[0-9]*"), "this machine has a GPU")
    def test_gpus_that_are_not_here_are_said(self):
        report = self.report("--gpu", expect=USER_ERROR)
        self.assertFalse(report["ok"])
        self.assertEqual(state_of(report, "GPUs")[0], "failed")
        self.assertIn("no CUDA device", state_of(report, "GPUs")[1])
        self.assertNotIn("communication", report)

    @unittest.skipIf(glob.glob("/dev/nvidia[0-9]*"), "this machine has a GPU")
    def test_ranks_with_gpus_meet_before_they_miss_them(self):
        cluster = self.folder / "gpus.yaml"
        cluster.write_text("kind: local\nranks: 2\nresources: {gpus: 2}\n")
        for transport in ("tcp", "mpi"):
            report = self.report("--on", cluster, "--transport", transport, expect=USER_ERROR)
            self.assertEqual(state_of(report, "communication")[0], "failed")
            self.assertIn("no CUDA device", state_of(report, "communication")[1])

    def ranks_of(self, pid):
        """rank -> process, of the trainers below `pid`."""
        ranks = {}
        for child in descendants(pid):
            process = pathlib.Path("/proc") / str(child)
            try:
                if "temper-trainer" in os.readlink(process / "exe"):
                    environment = (process / "environ").read_bytes().split(b"\0")
                    (rank,) = (int(entry[5:]) for entry in environment if entry.startswith(b"RANK="))
                    ranks[rank] = child
            except (OSError, ValueError):
                continue
        return ranks


if __name__ == "__main__":
    unittest.main()
