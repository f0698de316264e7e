"""Runs that live in a bucket and are looked at from a laptop, whatever trains them."""

import json
import time

from bucket_scenario import BucketScenario


class RemoteScenario(BucketScenario):
    """`self.laptop` is its environment."""

    def status(self, url):
        return json.loads(self.temper("status", url, "--json", env=self.laptop).splitlines()[-1])

    def wait_for(self, url, *states, seconds=120):
        deadline = time.monotonic() + seconds
        while True:
            status = self.status(url)
            if status["state"] in states:
                return status
            self.assertLess(time.monotonic(), deadline, status)
            time.sleep(0.5)

    def wait_for_checkpoint(self, url):
        prefix = url.removeprefix("gs://test-bucket/") + "/checkpoints/"
        deadline = time.monotonic() + 120
        while not any(name.endswith("MANIFEST.json") for name in self.names(prefix)):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def local(self, steps=20):
        return self.train("local", "--set", f"duration.steps={steps}")
