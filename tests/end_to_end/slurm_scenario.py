"""A real Slurm of two nodes (slurm_cluster.sh) around a Scenario, and what its tests wait for."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from scenario import DONE, Scenario

PROGRAMS = ["slurmctld", "slurmd", "munged", "sbatch", "ip", "nsenter", "unshare"]
SCRIPT = pathlib.Path(__file__).with_name("slurm_cluster.sh")

CLUSTER = """\
kind: slurm
nodes: 2
ranks: 4
resources: {cpus: 2}
max_restarts: 3
backoff_seconds: 0.1
grace_seconds: 20
environment: {OMPI_MCA_mpi_yield_when_idle: "1"}  # more ranks than cores
%s
"""


def missing():
    """Why no cluster can be started here, or None."""
    absent = [program for program in PROGRAMS if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if absent:
        return f"not installed: {' '.join(absent)} (scripts/setup.sh --test-tools)"
    if os.geteuid() != 0:
        return "network namespaces need root"
    return None


class SlurmScenario(Scenario):
    """setUpClass starts the cluster, tearDownClass ends it."""

    @classmethod
    def setUpClass(cls):
        reason = missing()
        if reason:
            raise unittest.SkipTest(reason)
        cls.cluster = pathlib.Path(tempfile.mkdtemp(prefix="temper-slurm-"))
        os.environ["SLURM_CONF"] = str(cls.cluster / "slurm.conf")
        cls.addClassCleanup(shutil.rmtree, cls.cluster, ignore_errors=True)
        cls.addClassCleanup(subprocess.run, [SCRIPT, "stop", cls.cluster], check=True)
        subprocess.run([SCRIPT, "start", cls.cluster], check=True, timeout=120)

    def write_cluster(self, more=""):
        path = self.folder / "slurm.yaml"
        path.write_text(CLUSTER % more)
        return path

    def submit(self, name, *arguments, more="", steps=None):
        """Submits a run; returns its directory."""
        duration = ["--set", f"duration.steps={steps}"] if steps else []
        self.temper("submit", self.recipe, "--on", self.write_cluster(more), "--name", name, *duration, *arguments)
        run = self.run_named(name)
        self.addCleanup(self.slurm, "scancel", f"--name={run.name}")
        return run

    def slurm(self, *command):
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def record(self, run):
        return json.loads((run / "run.json").read_text())

    def status(self, run):
        return json.loads(self.temper("status", run, "--json"))

    def wait_for_state(self, run, *states, seconds=180):
        """Waits until `temper status` gives one of the states; returns the status."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.status(run)
            if status["state"] in states:
                return status
            if time.monotonic() > deadline or status["state"] in ("done", "failed", "stopped"):
                self.fail(f"{status['state']}, not {states}: {status['message']}\n{self.story(run)}")
            time.sleep(0.3)

    def wait_for_steps(self, run, step, seconds=120):
        """Waits until the run has done `step`."""
        name = run.name.rpartition("-")[0]
        deadline = time.monotonic() + seconds
        while self.steps_done(name) < step:
            self.assertLess(time.monotonic(), deadline, f"step {step} is not reached\n{self.story(run)}")
            time.sleep(0.05)

    def story(self, run):
        """What the run's and the job's logs say, for a failure's message."""
        logs = sorted((run / "logs").glob("slurm-*.log")) + sorted((run / "logs").glob("attempt-*.log"))
        texts = [f"== {log.name}\n{log.read_text(errors='replace')[-2000:]}" for log in logs]
        return "\n".join([(run / "run.json").read_text(), *texts])

    def ranks(self, run):
        """Processes of the run's trainers on both nodes, by their arguments."""
        found = []
        for cmdline in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = cmdline.read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"temper-trainer") and os.fsencode(run) in words:
                found.append(int(cmdline.parent.name))
        return found

    def expect_done(self, run, adapter, seconds=240):
        """The run ends by itself with the bytes of `adapter`; returns its record."""
        self.wait_for_state(run, "done", seconds=seconds)
        self.assertEqual(self.adapter(run), adapter, "another adapter than the local one")
        record = self.record(run)
        self.assertEqual(record["attempts"][-1]["exit_code"], DONE)
        return record
