"""A folder with chats, a recipe for the tiny model and the real programs to run on them.

Environment: TEMPER is the launcher (temper-trainer lies beside it), TEMPER_SOURCE_DIR the repository, and
TEMPER_TEST_SEED (printed when a test draws one) repeats a random choice.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

TEMPER = os.environ["TEMPER"]
SOURCE = pathlib.Path(os.environ["TEMPER_SOURCE_DIR"])
TINY_MODEL = SOURCE / "tests" / "golden" / "tiny-model"
DONE, USER_ERROR, RETRYABLE, FATAL, CHECKPOINTED = 0, 2, 75, 78, 85
SIGNS_OF_A_CRASH = ["terminate called", "what():", "Segmentation", "Signal code", "CHECK failed", "Traceback", "core dumped"]

RECIPE = """\
version: 1
name: tiny
seed: 7
model: {base: %s}
adapter: {rank: 4, alpha: 8, targets: all-linear}
data:
  train: [{path: chats.jsonl}]
  max_length: 256
batch: {samples: 8, slots: 4}
optimizer: {lr: 2.0e-3, weight_decay: 0.01}
schedule: {kind: cosine, warmup: 0.1}
duration: {steps: 20}
checkpoint: {to: runs, every: 5, keep: 2}
"""


def chats(count):
    """Chats of very different lengths, so that slots and ranks get uneven shares."""
    words = "river stone winter hammer wood blue sky spider seven nail sea night grow answer north".split()
    for index in range(count):
        question = f"What is number {index} plus {index * 7 % 11}?"
        answer = " ".join(words[(index * 5 + step * step) % len(words)] for step in range(1 + index * index % 37))
        yield {
            "messages": [
                {"role": "user", "content": question},
                {"role": "assistant", "content": f"The answer is {index + index * 7 % 11}: {answer}."},
            ]
        }


def descendants(pid):
    """Every process below `pid`, itself last."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))

    def below(process):
        return [found for child in children.get(process, []) for found in below(child)] + [process]

    return below(pid)


class Scenario(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="temper-end-to-end-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.write_chats(chats(48))
        self.recipe = self.folder / "recipe.yaml"
        self.recipe.write_text(RECIPE % TINY_MODEL)

    def write_chats(self, records, name="chats.jsonl"):
        (self.folder / name).write_text("".join(json.dumps(record) + "\n" for record in records))

    def random(self):
        seed = int(os.environ.get("TEMPER_TEST_SEED") or random.SystemRandom().randrange(2**31))
        print(f"TEMPER_TEST_SEED={seed}", flush=True)
        return random.Random(seed)

    def start(self, *arguments, **options):
        """The launcher in the background, its output in self.folder/output."""
        with open(self.folder / "output", "a", encoding="utf-8") as output:
            process = subprocess.Popen(
                [TEMPER, *map(str, arguments)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **options,
            )
        self.addCleanup(self.kill, process)
        return process

    def kill(self, process):
        """SIGKILL to the launcher and everything below it: as if the machine lost its power."""
        if process.poll() is None:
            for pid in descendants(process.pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            process.wait()

    def temper(self, *arguments, expect=DONE, **options):
        """Runs the launcher to its end; returns what it printed. Its exit code must be `expect`."""
        result = subprocess.run(
            [TEMPER, *map(str, arguments)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
            **options,
        )
        self.assertEqual(result.returncode, expect, f"temper {' '.join(map(str, arguments))}\n{result.stdout}")
        for sign in SIGNS_OF_A_CRASH:
            self.assertNotIn(sign, result.stdout)
        return result.stdout

    def runs(self):
        """The run directories, oldest first."""
        return sorted((self.folder / "runs").glob("*/"), key=lambda run: run.stat().st_ctime_ns)

    def train(self, name, *arguments):
        """A whole run; the bytes of its adapter."""
        self.temper("run", self.recipe, "--name", name, *arguments)
        return self.adapter(self.run_named(name))

    def run_named(self, name):
        (found,) = (self.folder / "runs").glob(f"{name}-*/")
        return found

    def adapter(self, run):
        return (run / "adapter" / "adapter_model.safetensors").read_bytes()

    def steps_done(self, name):
        """The last step of the run's progress.jsonl, 0 before there is one."""
        last = 0
        for progress in (self.folder / "runs").glob(f"{name}-*/progress.jsonl"):
            for line in progress.read_text().split("\n")[:-1]:
                last = max(last, json.loads(line)["step"])
        return last

    def wait_for_step(self, name, step, process):
        """Waits until a run has done `step`; the process must still be alive then."""
        deadline = time.monotonic() + 300
        while self.steps_done(name) < step:
            self.assertIsNone(process.poll(), (self.folder / "output").read_text())
            self.assertLess(time.monotonic(), deadline, f"step {step} is not reached")
            time.sleep(0.002)
