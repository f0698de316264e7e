"""The real model of the quickstart: the same adapter on one and on two ranks, killed and resumed. Takes minutes.

Needs models/smollm2-135m-instruct.gguf (scripts/fetch_quickstart_model.sh).
"""

import unittest

from scenario import SOURCE, Scenario

MODEL = SOURCE / "models" / "smollm2-135m-instruct.gguf"


class QuickstartModelTest(Scenario):
    def test_one_rank_two_ranks_and_killed_in_between(self):
        model = ("--set", f"model.base={MODEL}", "--set", "checkpoint.every=2")
        expected = self.train("one", "--ranks", 1, *model)
        self.assertEqual(self.train("two", "--ranks", 2, *model), expected)
        process = self.start("run", self.recipe, "--name", "killed", "--ranks", 2, *model)
        self.wait_for_step("killed", self.random().randrange(3, 12), process)
        self.kill(process)
        self.temper("resume", self.run_named("killed"), "--ranks", 1)
        self.assertEqual(self.adapter(self.run_named("killed")), expected)


if __name__ == "__main__":
    unittest.main()
