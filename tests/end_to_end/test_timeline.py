"""`--trace` shows every rank and thread, and changes nothing else."""

import json
import unittest

from scenario import Scenario


class TimelineTest(Scenario):
    def test_all_ranks_and_slot_workers_are_shown(self):
        expected = self.train("plain")
        trace = self.folder / "trace.json"
        self.assertEqual(self.train("traced", "--ranks", 2, "--slot-workers", 2, "--trace", trace), expected)
        events = json.loads(trace.read_text())
        threads = {(event["pid"], event["tid"]): event["args"]["name"] for event in events
                   if event["name"] == "thread_name"}
        for rank in (0, 1):
            mine = [event for event in events if event["ph"] == "X" and event["pid"] == rank]
            workers = {threads[rank, event["tid"]] for event in mine if event["name"] == "slot"}
            self.assertEqual(workers, {"slot worker 0", "slot worker 1"})
            slots = [event["args"]["slot"] for event in mine if event["name"] == "slot"]
            self.assertEqual(len(slots), 20 * 2)  # 20 steps, four slots on two ranks
            self.assertEqual([event["args"]["step"] for event in mine if event["name"] == "step"],
                             list(range(1, 21)))
            names = {event["name"] for event in mine}
            self.assertLessEqual({"tokenizer", "model", "wait for samples", "forward", "backward", "reduce", "optimizer",
                                  "prepare sample", "write checkpoint"}, names)

    def test_a_file_that_can_not_be_written_is_told(self):
        output = self.temper("run", self.recipe, "--name", "x", "--set", "duration.steps=2", "--trace",
                             "nowhere/trace.json", expect=2)
        self.assertIn("nowhere/trace.json", output)
        self.assertFalse(list((self.folder / "runs").glob("x-*/progress.jsonl")), "found out after training")


if __name__ == "__main__":
    unittest.main()
