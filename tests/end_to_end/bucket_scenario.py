"""A scenario with an emulated bucket of Google Cloud Storage, gs://test-bucket."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.parse
import urllib.request

from scenario import SOURCE, Scenario

PYTHON = os.environ.get("TEMPER_REFERENCE_PYTHON", "")


class BucketScenario(Scenario):
    def setUp(self):
        super().setUp()
        python = PYTHON if pathlib.Path(PYTHON).exists() else sys.executable
        self.emulator = subprocess.Popen(
            [python, SOURCE / "tests" / "emulators" / "gcs_emulator.py"], stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(self.stop_emulator)
        self.endpoint = "http://127.0.0.1:" + self.emulator.stdout.readline().split()[1]

    def stop_emulator(self):
        self.emulator.kill()
        self.emulator.wait()
        self.emulator.stdout.close()

    def machine(self, name):
        """The environment of a machine of its own: an empty cache, nothing of earlier runs."""
        return {**os.environ, "STORAGE_EMULATOR_HOST": self.endpoint, "TEMPER_CACHE": str(self.folder / name)}

    def door(self, name, value):
        request = urllib.request.Request(f"{self.endpoint}/_{name}", data=json.dumps(value).encode(), method="POST")
        urllib.request.urlopen(request).read()

    def put(self, name, data):
        url = f"{self.endpoint}/upload/storage/v1/b/test-bucket/o?uploadType=media&name={urllib.parse.quote(name, safe='')}"
        urllib.request.urlopen(urllib.request.Request(url, data=data, method="POST")).read()

    def get(self, name):
        url = f"{self.endpoint}/storage/v1/b/test-bucket/o/{urllib.parse.quote(name, safe='')}?alt=media"
        return urllib.request.urlopen(url).read()

    def names(self, prefix=""):
        url = f"{self.endpoint}/storage/v1/b/test-bucket/o?prefix={urllib.parse.quote(prefix, safe='')}"
        return [item["name"] for item in json.load(urllib.request.urlopen(url))["items"]]

    def run_url(self, name):
        (record,) = [key for key in self.names("runs/") if key.endswith("/run.json") and f"/{name}-" in key]
        return "gs://test-bucket/" + record.removesuffix("/run.json")

    def bucket_adapter(self, url):
        return self.get(url.removeprefix("gs://test-bucket/") + "/adapter/adapter_model.safetensors")
