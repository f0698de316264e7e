"""Custom jobs as processes: what Vertex AI does with a job's replicas.

By Google's page "Understand the custom training service": a replica that ends with a code other than 0 is started again on
its machine, five times at most, then the job fails; one whose machine is taken away gets SIGTERM and, on a spot job, is
started on another machine with an empty disk. Only the first replica is run: several would need names of their own.
"""
import datetime
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

RESTARTS = 5
NOTICE_SECONDS = 30
ENDED = ("JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED")


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class CustomJob:
    def __init__(self, name, body, path):
        self.name = name
        self.id = name.rpartition("/")[2]
        self.body = body
        self.path = path
        self.created = now()
        self.state = "JOB_STATE_QUEUED"
        self.error = None
        self.entries = []
        self.starts = 0
        self.preempted = False
        self.process = None
        self.lock = threading.Lock()
        self.pools = body["jobSpec"]["workerPoolSpecs"]
        self.thread = threading.Thread(target=self.run, daemon=True)

    def object(self):
        with self.lock:
            answer = {**self.body, "name": self.name, "state": self.state, "createTime": self.created, "updateTime": now()}
            if self.error:
                answer["error"] = self.error
            return answer

    def is_ended(self):
        return self.state in ENDED

    def move_to(self, state, error=None):
        with self.lock:
            if not self.is_ended():
                self.state = state
                self.error = error

    def run(self):
        image = self.pools[0]["containerSpec"]["imageUri"]
        if "missing" in image:
            self.move_to("JOB_STATE_FAILED", {
                "code": 5, "message": f"Failed to pull image {image}: it does not exist or the service agent may not read it."})
            return
        folder = tempfile.mkdtemp(prefix="temper-replica-")
        failures = 0
        while not self.is_ended():
            self.move_to("JOB_STATE_PENDING")
            code = self.run_replica(folder)
            if self.state == "JOB_STATE_CANCELLING":
                self.move_to("JOB_STATE_CANCELLED", {"code": 1, "message": "CANCELED"})
            elif self.preempted:
                self.preempted = False
                folder = tempfile.mkdtemp(prefix="temper-replica-")
            elif code == 0:
                self.move_to("JOB_STATE_SUCCEEDED")
            elif failures == RESTARTS:
                self.move_to("JOB_STATE_FAILED", {
                    "code": 3, "message": f"The replica workerpool0-0 exited with a non-zero status of {code}."})
            else:
                failures += 1

    def environment(self, folder):
        hosts = {}
        for index, pool in enumerate(self.pools):
            if pool:
                hosts[f"workerpool{index}"] = [
                    f"cmle-training-workerpool{index}-{self.id}-{replica}:2222" for replica in range(int(pool["replicaCount"]))]
        variables = {variable["name"]: variable["value"] for variable in self.pools[0]["containerSpec"]["env"]}
        environment = {**os.environ, **variables, "CLOUD_ML_JOB_ID": self.id, "TEMPER_CACHE": f"{folder}/cache"}
        environment["CLUSTER_SPEC"] = json.dumps({
            "cluster": hosts, "environment": "cloud", "task": {"type": "workerpool0", "index": 0, "trial": ""},
            "job": {"worker_pool_specs": len(self.pools)}})
        if self.path:
            environment["PATH"] = f"{self.path}:{environment['PATH']}"
        return environment

    def run_replica(self, folder):
        container = self.pools[0]["containerSpec"]
        with self.lock:
            if self.state != "JOB_STATE_PENDING":
                return 0
            self.starts += 1
            self.state = "JOB_STATE_RUNNING"
            self.process = subprocess.Popen(
                container["command"] + container["args"], env=self.environment(folder), cwd=folder,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                start_new_session=True)
        reader = threading.Thread(target=self.read, args=[self.process.stdout])
        reader.start()
        code = self.process.wait()
        self.kill()  # a container's processes end with its first one
        reader.join()
        return code if code >= 0 else 128 - code

    def read(self, output):
        for line in output:
            self.note(line)
        output.close()

    def note(self, line):
        with self.lock:
            self.entries.append({
                "insertId": f"{self.id}-{len(self.entries)}", "timestamp": now(), "severity": "INFO",
                "logName": f"projects/{self.name.split('/')[1]}/logs/workerpool0-0",
                "resource": {"type": "ml_job", "labels": {
                    "job_id": self.id, "project_id": self.name.split("/")[1], "task_name": "workerpool0-0"}},
                "jsonPayload": {"message": line, "levelname": "INFO"}})

    def kill(self):
        """The whole container: its session, as mpirun has a process group of its own."""
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                session = int(stat.read_text().rpartition(")")[2].split()[3])
                if session == self.process.pid:
                    os.kill(int(stat.parent.name), signal.SIGKILL)
            except (OSError, ValueError):
                pass

    def end_replica(self):
        """SIGTERM, and SIGKILL when the notice is over."""
        process = self.process
        if process and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            threading.Timer(NOTICE_SECONDS, lambda: process.poll() is None and self.kill()).start()

    def preempt(self):
        self.preempted = True
        self.end_replica()

    def cancel(self):
        with self.lock:
            if self.is_ended():
                return False
            waiting = self.state != "JOB_STATE_RUNNING"
            self.state = "JOB_STATE_CANCELLED" if waiting else "JOB_STATE_CANCELLING"
        self.end_replica()
        return True

    def stop(self):
        self.cancel()
        deadline = time.monotonic() + 5
        while not self.is_ended() and time.monotonic() < deadline:
            time.sleep(0.05)
        if self.process:
            self.kill()
