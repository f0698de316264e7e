"""An emulated Hub (tests/emulators/hub_emulator.py) beside a scenario."""

import json
import pathlib
import subprocess
import sys
import time
import urllib.request

from scenario import SOURCE, descendants

TOKEN = "hf_write"


class EmulatedHub:
    """Mixed into a Scenario."""

    def start_hub(self):
        emulator = SOURCE / "tests" / "emulators" / "hub_emulator.py"
        self.hub_process = subprocess.Popen([sys.executable, emulator], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop_hub)
        self.hub_url = "http://127.0.0.1:" + self.hub_process.stdout.readline().split()[1]

    def stop_hub(self):
        self.hub_process.kill()
        self.hub_process.wait()
        self.hub_process.stdout.close()

    def hub_variables(self):
        return {"HF_ENDPOINT": self.hub_url, "HF_TOKEN": TOKEN, "HF_HOME": str(self.folder / "hf")}

    def ask_hub(self, path):
        request = urllib.request.Request(self.hub_url + path, headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def commits(self, repository="org/adapter"):
        """Our commits, oldest first."""
        history = self.ask_hub("/_history").get(f"models/{repository}", {}).get("main", [])
        return [commit for commit in reversed(history) if commit["author"] == "ann"]

    def wait_watching_arguments(self, process):
        """Its exit code; no process that it started may show the token in its arguments."""
        while process.poll() is None:
            for pid in descendants(process.pid):
                try:
                    arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                except OSError:
                    continue
                self.assertNotIn(TOKEN.encode(), arguments)
            time.sleep(0.005)
        return process.returncode

    def check_token_nowhere(self):
        """Neither in files (logs, runs, outboxes, what was printed) nor at other hosts."""
        for file in self.folder.rglob("*"):
            if file.is_file():
                self.assertNotIn(TOKEN.encode(), file.read_bytes(), file)
        for request in self.ask_hub("/_requests"):
            self.assertEqual(request["authorization"] != "", request["host"] == "hub", request)
