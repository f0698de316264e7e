"""Base models that are broken, hostile or of another kind: a clear error and exit code 2."""

import json
import shutil
import struct
import unittest

from scenario import RECIPE, TINY_MODEL, USER_ERROR, Scenario


class BadModelTest(Scenario):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "model"
        shutil.copytree(TINY_MODEL, self.model)
        self.weights = self.model / "model.safetensors"
        self.recipe.write_text(RECIPE % "model")

    def expect_refusal(self, *named, arguments=()):
        output = self.temper("run", self.recipe, *arguments, expect=USER_ERROR)
        for name in named:
            self.assertIn(name, output)
        self.assertEqual(list(self.folder.glob("runs/*/adapter")), [])

    def change_config(self, **changes):
        config = json.loads((self.model / "config.json").read_text())
        (self.model / "config.json").write_text(json.dumps(config | changes))

    def change_header(self, change):
        """Lets `change` edit the safetensors header, data unchanged."""
        content = self.weights.read_bytes()
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        change(header)
        text = json.dumps(header).encode()
        self.weights.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])

    def test_the_copy_itself_is_fine(self):
        self.train("fine", "--set", "duration.steps=2")

    def test_no_model(self):
        shutil.rmtree(self.model)
        self.expect_refusal("model")

    def test_no_weights(self):
        self.weights.unlink()
        self.expect_refusal("safetensors")

    def test_truncated_weights(self):
        whole = self.weights.read_bytes()
        for size in (0, 7, 100, len(whole) - 1):
            self.weights.write_bytes(whole[:size])
            self.expect_refusal("model.safetensors")

    def test_a_header_longer_than_the_file(self):
        self.weights.write_bytes(struct.pack("<Q", 2**63) + self.weights.read_bytes()[8:])
        self.expect_refusal("model.safetensors")

    def test_offsets_past_the_end(self):
        self.change_header(lambda header: header["model.norm.weight"].update(data_offsets=[2**40, 2**40 + 192]))
        self.expect_refusal("model.safetensors", "model.norm.weight")

    def test_overlapping_tensors(self):
        def overlap(header):
            header["model.norm.weight"]["data_offsets"] = header["model.layers.0.input_layernorm.weight"]["data_offsets"]

        self.change_header(overlap)
        self.expect_refusal("model.safetensors")

    def test_a_huge_shape(self):
        self.change_header(lambda header: header["model.norm.weight"].update(shape=[2**62, 4]))
        self.expect_refusal("model.safetensors", "model.norm.weight")

    def test_a_missing_tensor(self):
        def rename(header):
            header["model.other.weight"] = header.pop("model.norm.weight")

        self.change_header(rename)
        self.expect_refusal("model.norm.weight")

    def test_a_shape_that_does_not_fit_the_config(self):
        self.change_config(intermediate_size=32)
        self.expect_refusal("model.layers.0.mlp.", "32", "64")

    def test_an_unknown_architecture(self):
        self.change_config(model_type="gpt2", architectures=["GPT2LMHeadModel"])
        self.expect_refusal("config.json", "gpt2")

    def test_a_broken_config(self):
        (self.model / "config.json").write_text('{"model_type": "llama",')
        self.expect_refusal("config.json")

    def test_truncated_and_hostile_gguf(self):
        header = b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60)
        for name, content in (("empty", b""), ("cut", header[:10]), ("huge", header), ("other", b"GGML" + header[4:])):
            path = self.folder / f"{name}.gguf"
            path.write_bytes(content)
            self.expect_refusal(path.name, arguments=("--set", f"model.base={path}"))


if __name__ == "__main__":
    unittest.main()
