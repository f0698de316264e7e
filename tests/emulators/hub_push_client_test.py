"""Hugging Face's own clients push to our emulated Hub: what its writing half gets wrong fails here.

Usage: hub_push_client_test.py (with .venv-reference's Python, and npm)
"""
import json
import os
import pathlib
import random
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

EMULATOR = subprocess.Popen([sys.executable, str(HERE / "hub_emulator.py")],
                            stdout=subprocess.PIPE, text=True)
URL = f"http://127.0.0.1:{EMULATOR.stdout.readline().split()[1]}"
os.environ["HF_ENDPOINT"] = URL

import huggingface_hub  # noqa: E402  (reads the environment when it is imported)
from huggingface_hub import CommitOperationAdd, errors  # noqa: E402

# As hub_js_client_test.py installs it.
JAVASCRIPT_FOLDER = HERE.parents[1] / ".cache" / "hub-js"
JAVASCRIPT = "@huggingface/hub@2.17.5"


def javascript_client():
    """The folder with the client, fetched once (ignored by git)."""
    modules = JAVASCRIPT_FOLDER / "node_modules"
    if not (modules / "@huggingface/hub").exists():
        JAVASCRIPT_FOLDER.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix",
                        str(JAVASCRIPT_FOLDER), JAVASCRIPT], check=True, timeout=300)
    return modules


def door(name, value=None):
    data = None if value is None else json.dumps(value).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{URL}/_{name}", data)) as answer:
        return json.load(answer)


def history(branch="main", name="org/adapter"):
    return door("history")[f"models/{name}"][branch]


class HubPushClientTest(unittest.TestCase):
    def setUp(self):
        door("reset", {})
        self.api = huggingface_hub.HfApi(endpoint=URL, token="hf_write")
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        folder = pathlib.Path(self.folder.name)
        (folder / "README.md").write_text("---\nlicense: mit\n---\n# adapter\n")
        (folder / "adapter_config.json").write_text("{}")
        (folder / "adapter_model.safetensors").write_bytes(random.Random(1).randbytes(100_000))
        (folder / "empty.txt").write_bytes(b"")

    def check_uploads(self):
        """Everything is there, and the second host never saw a token."""
        files = history()[0]["files"]
        self.assertLessEqual({path.name for path in pathlib.Path(self.folder.name).iterdir()},
                             set(files))
        uploads = [request for request in door("requests") if request["host"] == "cdn"]
        self.assertTrue(uploads)
        self.assertEqual({request["authorization"] for request in uploads}, {""})

    def test_upload_folder(self):
        self.api.create_repo("org/adapter", private=True)
        self.api.create_repo("org/adapter", private=True, exist_ok=True)
        made = self.api.upload_folder(folder_path=self.folder.name, repo_id="org/adapter",
                                      commit_message="Upload", commit_description="more")
        newest = history()[0]
        self.assertEqual((newest["commit"], newest["title"], newest["description"]),
                         (made.oid, "Upload", "more"))
        self.check_uploads()

    def test_upload_folder_in_parts(self):
        door("push", {"multipart_from": 1000, "part_bytes": 30_000})
        self.api.create_repo("org/adapter")
        self.api.upload_folder(folder_path=self.folder.name, repo_id="org/adapter")
        self.check_uploads()
        self.assertEqual(sum("/4?Signature" in path for _, path in door("log")), 1)

    def test_create_commit_on_a_branch_and_as_a_pull_request(self):
        self.api.create_repo("org/adapter")
        self.api.create_branch("org/adapter", branch="runs/one")
        self.api.create_branch("org/adapter", branch="runs/one", exist_ok=True)
        add = [CommitOperationAdd("a.txt", b"a")]
        self.api.create_commit("org/adapter", add, commit_message="on a branch",
                               revision="runs/one")
        self.assertEqual(history("runs/one")[0]["title"], "on a branch")
        made = self.api.create_commit("org/adapter", [CommitOperationAdd("b.txt", b"b")],
                                      commit_message="please", create_pr=True)
        self.assertEqual(made.pr_num, 1)
        self.assertEqual(history("refs/pr/1")[0]["title"], "please")
        found = list(self.api.get_repo_discussions("org/adapter"))
        self.assertEqual([(one.num, one.title, one.is_pull_request) for one in found],
                         [(1, "please", True)])

    def test_a_stale_parent_is_412(self):
        self.api.create_repo("org/adapter")
        old = history()[0]["commit"]
        add = [CommitOperationAdd("a.txt", b"a")]
        self.api.create_commit("org/adapter", add, commit_message="first")
        with self.assertRaises(errors.HfHubHTTPError) as caught:
            self.api.create_commit("org/adapter", [CommitOperationAdd("b.txt", b"b")],
                                   commit_message="second", parent_commit=old)
        self.assertEqual(caught.exception.response.status_code, 412)

    def test_commits_are_listed(self):
        self.api.create_repo("org/adapter")
        for i in range(60):
            self.api.create_commit("org/adapter", [CommitOperationAdd("a.txt", str(i).encode())],
                                   commit_message=f"number {i}")
        titles = [one.title for one in self.api.list_repo_commits("org/adapter")]
        self.assertEqual(titles[:60], [f"number {i}" for i in reversed(range(60))])

    def test_who_may_not_is_refused(self):
        for token in ("hf_read", "hf_other"):
            with self.assertRaises(errors.HfHubHTTPError) as caught:
                self.api.create_repo("org/adapter", token=token)
            self.assertEqual(caught.exception.response.status_code, 403)

    def test_javascript_client(self):
        for settings in ({}, {"multipart_from": 1000, "part_bytes": 30_000}):
            with self.subTest(settings):
                door("reset", {})
                door("push", settings)
                subprocess.run(["node", str(HERE / "hub_push_client.mjs"), URL, self.folder.name,
                                str(javascript_client())], check=True, timeout=60)
                self.check_uploads()


if __name__ == "__main__":
    try:
        unittest.main(verbosity=2)
    finally:
        EMULATOR.terminate()
