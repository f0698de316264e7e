"""Hugging Face's JavaScript client reads from our emulated Hub.

Usage: hub_js_client_test.py. Installs the pinned package once into .cache/hub-js (ignored by git); needs node and npm
(scripts/setup.sh --test-tools).
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
INSTALLED = HERE.parent.parent / ".cache" / "hub-js"
PACKAGE = "@huggingface/hub@2.17.5"
MODULE = INSTALLED / "node_modules" / "@huggingface" / "hub" / "dist" / "index.mjs"
# No empty file: the client takes its size for a missing one.
FILES = {"config.json": "{}", "folder/b.txt": "b", "folder/deep/a.txt": "a",
         "model.safetensors": {"bytes": 3_000_000, "seed": 1}}


class HubJsClientTest(unittest.TestCase):
    def setUp(self):
        if not MODULE.exists():
            INSTALLED.mkdir(parents=True, exist_ok=True)
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", INSTALLED,
                            PACKAGE], check=True)
        self.emulator = subprocess.Popen([sys.executable, HERE / "hub_emulator.py", "--page", "3"],
                                         stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        self.url = f"http://127.0.0.1:{self.emulator.stdout.readline().split()[1]}"

    def stop(self):
        self.emulator.kill()
        self.emulator.wait()
        self.emulator.stdout.close()

    def door(self, name, value=None):
        data = None if value is None else json.dumps(value).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/_{name}", data)) as answer:
            return json.load(answer)

    def test_reads_what_is_there(self):
        made = self.door("repository", {"name": "org/tiny", "files": FILES})
        with tempfile.TemporaryDirectory() as cache:
            done = subprocess.run(["node", HERE / "hub_js_client.mjs", MODULE, self.url, cache], check=True,
                                  stdout=subprocess.PIPE, text=True)
            seen = json.loads(done.stdout.splitlines()[-1])
            snapshot = pathlib.Path(seen.pop("snapshot"))
            self.assertEqual(snapshot.name, made["commit"])
            for path, etag in made["etags"].items():
                self.assertEqual((snapshot / path).resolve().name, etag)
        sizes = {"config.json": 2, "folder/b.txt": 1, "folder/deep/a.txt": 1,
                 "model.safetensors": 3_000_000}
        self.assertEqual(seen, {"files": sizes, "small": "b", "largeSize": 3_000_000, "user": "ann",
                                "absentStatus": 401})
        for request in self.door("requests"):
            if request["host"] == "cdn":
                self.assertEqual(request["authorization"], "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
