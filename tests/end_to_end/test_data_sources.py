"""The adapter is the same, bit for bit, wherever the data lies and however it is stored."""

import os
import unittest

from scenario import FATAL, USER_ERROR, Scenario, chats


class DataSourcesTest(Scenario):
    def setUp(self):
        super().setUp()
        os.environ["TEMPER_CACHE"] = str(self.folder / "cache")
        self.addCleanup(os.environ.pop, "TEMPER_CACHE")
        self.local = self.train("local")

    def train_from(self, name, path, *arguments):
        return self.train(name, "--set", f"data.train=[{{path: '{path}'}}]", *arguments)

    def test_from_a_store_on_one_and_three_ranks(self):
        url = f"file://{self.folder}/chats.jsonl"
        for ranks in (1, 3):
            self.assertEqual(self.train_from(f"store{ranks}", url, "--ranks", ranks), self.local)

    def test_from_a_store_killed_in_between_and_without_its_cache(self):
        arguments = ["--set", f"data.train=[{{path: 'file://{self.folder}/chats.jsonl'}}]", "--ranks", 3]
        process = self.start("run", self.recipe, "--name", "killed", *arguments)
        self.wait_for_step("killed", 7, process)
        self.kill(process)
        for entry in (self.folder / "cache" / "shards").glob("*.shard"):
            entry.write_bytes(entry.read_bytes()[:-100] + b"rotten" * 10)
        run = self.run_named("killed")
        self.temper("resume", run)
        self.assertEqual(self.adapter(run), self.local)

    def test_from_mds_shards(self):
        for compression in ("none", "zstd"):
            folder = self.folder / f"mds-{compression}"
            self.temper("data", "convert", "chats.jsonl", folder, "--compression", compression)
            self.assertEqual(self.train_from(f"mds-{compression}", folder), self.local)

    def test_index_check_and_convert_back(self):
        (self.folder / "more").mkdir()
        self.write_chats(chats(30), "more/a.jsonl")
        location = f"file://{self.folder}/more"
        self.assertIn("1 files, 30 records", self.temper("data", "index", location))
        self.assertIn("30 records with messages", self.temper("data", "check", location))
        self.temper("data", "convert", location, "back", "--to", "jsonl")
        self.assertEqual((self.folder / "back" / "part-00000.jsonl").read_bytes(),
                         (self.folder / "more" / "a.jsonl").read_bytes())
        with open(self.folder / "more" / "a.jsonl", "a", encoding="utf-8") as lines:
            lines.write('{"text": "one more"}\n')
        self.assertIn("temper data index", self.temper("data", "check", location, expect=USER_ERROR))

    def test_a_broken_shard_is_named(self):
        self.temper("data", "convert", "chats.jsonl", "mds")
        shard = self.folder / "mds" / "shard.00000.mds"
        shard.write_bytes(shard.read_bytes()[:-5])
        output = self.temper("data", "check", "mds", expect=FATAL)
        self.assertIn("shard.00000.mds", output)

    def test_a_mixture_by_weight_is_the_same_on_one_and_two_ranks(self):
        self.write_chats(list(chats(60))[48:], "other.jsonl")
        mixture = "data.train=[{path: chats.jsonl, weight: 3}, {path: other.jsonl, weight: 1}]"
        one, two = (self.train(f"mix{ranks}", "--set", mixture, "--ranks", ranks) for ranks in (1, 2))
        self.assertEqual(one, two)
        self.assertNotEqual(one, self.local)


if __name__ == "__main__":
    unittest.main()
