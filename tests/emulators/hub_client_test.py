"""Hugging Face's own client works with our emulated Hub: what the emulator gets wrong fails here.

Usage: hub_client_test.py (with .venv-reference's Python)
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
HOME = tempfile.TemporaryDirectory()
os.environ.update(HF_HOME=HOME.name, HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1",
                  HF_HUB_DISABLE_XET="1")
os.environ.pop("HF_TOKEN", None)

EMULATOR = subprocess.Popen([sys.executable, str(HERE / "hub_emulator.py"), "--page", "3"],
                            stdout=subprocess.PIPE, text=True)
URL = f"http://127.0.0.1:{EMULATOR.stdout.readline().split()[1]}"
os.environ["HF_ENDPOINT"] = URL

import huggingface_hub  # noqa: E402  (reads the environment when it is imported)
from huggingface_hub import errors  # noqa: E402


def door(name, value=None):
    data = None if value is None else json.dumps(value).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{URL}/_{name}", data)) as answer:
        return json.load(answer)


FILES = {"config.json": "{}", "README.md": "# hi", "folder/deep/a.txt": "a", "folder/b.txt": "b",
         "model.safetensors": {"bytes": 3_000_000, "seed": 1}, "empty.txt": ""}


class HubClientTest(unittest.TestCase):
    def setUp(self):
        door("reset", {})
        self.api = huggingface_hub.HfApi(endpoint=URL, token=False)
        self.made = door("repository", {"name": "org/tiny", "files": FILES})
        self.cache = tempfile.TemporaryDirectory()
        self.addCleanup(self.cache.cleanup)

    def snapshot(self, name="org/tiny", token=False, **options):
        return pathlib.Path(huggingface_hub.snapshot_download(
            name, cache_dir=self.cache.name, token=token, etag_timeout=10, **options))

    def test_snapshot_has_every_file(self):
        folder = self.snapshot()
        self.assertEqual(folder.name, self.made["commit"])
        state = door("state")["models/org/tiny"]["main"]["files"]
        self.assertEqual({str(path.relative_to(folder)) for path in folder.rglob("*")
                          if path.is_file()}, set(state))
        self.assertEqual((folder / "folder/b.txt").read_text(), "b")
        for path, etag in self.made["etags"].items():
            self.assertEqual((folder / path).resolve().name, etag)

    def test_token_does_not_go_to_the_cdn(self):
        self.snapshot(token="hf_read")
        hosts = {request["host"]: request["authorization"] for request in door("requests")}
        self.assertEqual(hosts, {"hub": "Bearer hf_read", "cdn": ""})

    def test_tree_has_pages(self):
        listed = [entry.path for entry in self.api.list_repo_tree("org/tiny", recursive=True)]
        self.assertEqual(sorted(listed), sorted([*FILES, "folder", "folder/deep"]))
        self.assertGreater(sum("cursor" in path for _, path in door("log")), 1)

    def test_info_and_paths(self):
        info = self.api.model_info("org/tiny", files_metadata=True)
        self.assertEqual(info.sha, self.made["commit"])
        sizes = {sibling.rfilename: sibling.size for sibling in info.siblings}
        self.assertEqual(sizes["model.safetensors"], 3_000_000)
        found = self.api.get_paths_info("org/tiny", ["folder/b.txt", "absent"])
        self.assertEqual([entry.path for entry in found], ["folder/b.txt"])

    def test_data_sets_and_branches(self):
        door("repository", {"kind": "datasets", "name": "org/chats", "branch": "v2",
                            "files": {"a.jsonl": "{}\n"}})
        folder = self.snapshot("org/chats", repo_type="dataset", revision="v2")
        self.assertEqual((folder / "a.jsonl").read_text(), "{}\n")
        refs = self.api.list_repo_refs("org/chats", repo_type="dataset")
        self.assertEqual({branch.name for branch in refs.branches}, {"main", "v2"})

    def test_refusals_have_their_names(self):
        door("repository", {"name": "org/gated", "gated": True, "files": {"config.json": "{}"}})
        with self.assertRaises(errors.RepositoryNotFoundError):
            self.api.model_info("org/absent")
        with self.assertRaises(errors.RevisionNotFoundError):
            self.api.model_info("org/tiny", revision="absent")
        with self.assertRaises(errors.EntryNotFoundError):
            huggingface_hub.hf_hub_download("org/tiny", "absent", cache_dir=self.cache.name)
        with self.assertRaises(errors.GatedRepoError):
            huggingface_hub.hf_hub_download("org/gated", "config.json", cache_dir=self.cache.name,
                                            token="hf_other")

    def test_moved_repositories_redirect(self):
        door("repository", {"name": "org/tiny", "moved_from": "old/tiny"})
        path = huggingface_hub.hf_hub_download("old/tiny", "config.json", cache_dir=self.cache.name)
        self.assertEqual(pathlib.Path(path).read_text(), "{}")

    def test_whoami(self):
        self.assertEqual(self.api.whoami(token="hf_write")["name"], "ann")
        with self.assertRaises(errors.HfHubHTTPError):
            self.api.whoami(token="hf_wrong")


if __name__ == "__main__":
    try:
        unittest.main(verbosity=2)
    finally:
        EMULATOR.terminate()
