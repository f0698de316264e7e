"""Recipes and data that can't be trained on: a clear error that names the place, exit code 2, nothing written."""

import json
import unittest

from scenario import RECIPE, TINY_MODEL, USER_ERROR, Scenario, chats

GOOD = [json.dumps(record) for record in chats(10)]


class BadDataTest(Scenario):
    def expect_refusal(self, *named, arguments=()):
        """`temper run` must fail with all of `named` in its message and leave no adapter."""
        output = self.temper("run", self.recipe, *arguments, expect=USER_ERROR)
        for name in named:
            self.assertIn(name, output)
        self.assertEqual(list(self.folder.glob("runs/*/adapter")), [])
        return output

    def write_lines(self, *lines, name="chats.jsonl"):
        (self.folder / name).write_bytes(b"".join(line.encode() if isinstance(line, str) else line for line in lines))

    def test_every_mistake_of_a_recipe_is_told_at_once(self):
        text = (RECIPE % TINY_MODEL).replace("optimizer: {lr: 2.0e-3,", "optimizer: {learning_rate: 2.0e-3,")
        self.recipe.write_text(text.replace("slots: 4", "slots: many"))
        output = self.expect_refusal("recipe.yaml:9:", "recipe.yaml:10:", "learning_rate", "optimizer.lr", "many")
        self.assertEqual(list(self.folder.glob("runs/*")), [], output)

    def test_a_mistake_in_set(self):
        self.expect_refusal("--set", "batch.slotz", "batch.slots", arguments=("--set", "batch.slotz=3"))

    def test_no_recipe(self):
        self.recipe.unlink()
        self.expect_refusal("recipe.yaml")

    def test_broken_yaml(self):
        self.recipe.write_text("version: 1\nname: [tiny\n")
        self.expect_refusal("recipe.yaml:")

    def test_missing_data(self):
        self.expect_refusal("nothing.jsonl", arguments=("--set", "data.train=[{path: nothing.jsonl}]"))
        self.assertEqual(list(self.folder.glob("runs/*")), [])

    def test_empty_data(self):
        self.write_lines("")
        self.expect_refusal("chats.jsonl", "empty")
        self.assertEqual(list(self.folder.glob("runs/*")), [])

    def test_a_sample_without_trained_tokens(self):
        untrained = json.dumps({"messages": [{"role": "user", "content": "Nobody answers."}]})
        self.write_lines(*[line + "\n" for line in [*GOOD, untrained, *GOOD]])
        self.expect_refusal("chats.jsonl:11", "train_on")

    def test_invalid_json(self):
        self.write_lines(*[line + "\n" for line in GOOD], '{"messages": [}\n', GOOD[0])
        self.expect_refusal("chats.jsonl:11")

    def test_invalid_utf8(self):
        bad = GOOD[3].encode().replace(b"answer", b"ans\xff\xfewer")
        self.write_lines(*[line + "\n" for line in GOOD], bad, b"\n")
        self.expect_refusal("chats.jsonl:11", "UTF-8")

    def test_a_record_of_no_known_shape(self):
        self.write_lines(GOOD[0] + "\n", '{"question": "why", "answer": "because"}\n')
        self.expect_refusal("chats.jsonl:2", "messages")

    def test_a_sample_that_is_too_long(self):
        self.expect_refusal("chats.jsonl:", "max_length", arguments=("--set", "data.max_length=24"))

    def test_an_unknown_command_and_a_missing_trainer(self):
        self.assertIn("run", self.temper("rnu", expect=USER_ERROR))
        environment = {"TEMPER_TRAINER": "/nowhere/temper-trainer", "PATH": "/usr/bin:/bin", "HOME": str(self.folder)}
        output = self.temper("run", self.recipe, expect=USER_ERROR, env=environment)
        self.assertIn("/nowhere/temper-trainer", output)

    def test_a_torn_last_line_is_refused_and_whole_after_mending(self):
        self.write_lines(*[line + "\n" for line in GOOD], GOOD[0][: len(GOOD[0]) // 2])
        self.expect_refusal("chats.jsonl:11")
        self.write_lines(*[line + "\n" for line in GOOD], GOOD[0])
        self.train("mended", "--set", "duration.steps=2")


if __name__ == "__main__":
    unittest.main()
