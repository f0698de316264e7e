"""Custom jobs as processes: what Vertex AI does with a job's replicas.

By Google's page "Understand the custom training service": a replica that ends with a code other than 0 is started again on
its machine, five times at most, then the job fails; one whose machine is taken away gets SIGTERM and, on a spot job, is
started on another machine with an empty disk. With restartJobOnWorkerRestart all replicas start again with it. The first
replica reports for the job: when it is done, so is the job, and the others are ended. Replicas' host names are loopback
addresses; the port that their service opens for training is a free one, under its name as Kubernetes makes it.
"""
import datetime
import json
import tempfile
import threading
import time

from container import Container, free_port, hosts_file

RESTARTS = 5
NOTICE_SECONDS = 30
ENDED = ("JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED")


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Replica:
    """One machine of a job, started again and again."""

    def __init__(self, job, pool, index):
        self.job = job
        self.pool = pool
        self.index = index
        self.name = f"workerpool{pool}-{index}"
        self.folder = tempfile.mkdtemp(prefix="temper-replica-")
        self.preempted = False
        self.container = None
        self.exit_code = None
        self.failed_at = None

    def environment(self, port):
        container = self.job.pools[self.pool]["containerSpec"]
        environment = {variable["name"]: variable["value"] for variable in container["env"]}
        service = self.job.host(0, 0).upper().replace("-", "_")
        return {
            **environment, "CLOUD_ML_JOB_ID": self.job.id, "TEMPER_CACHE": f"{self.folder}/cache",
            f"{service}_SERVICE_PORT_TRAINING_PORT": str(port),
            "CLUSTER_SPEC": json.dumps({
                "cluster": {f"workerpool{pool}": [f"{self.job.host(pool, index)}:2222" for index in range(count)]
                            for pool, count in self.job.sizes.items()},
                "environment": "cloud", "task": {"type": f"workerpool{self.pool}", "index": self.index, "trial": ""},
                "job": {"worker_pool_specs": len(self.job.pools)}})}

    def start(self, port):
        if self.preempted:
            self.folder = tempfile.mkdtemp(prefix="temper-replica-")
        self.preempted = False
        self.exit_code = None
        self.failed_at = None
        container = self.job.pools[self.pool]["containerSpec"]
        self.container = Container(
            container["command"] + container["args"], self.environment(port), self.folder,
            self.job.host(self.pool, self.index), hosts_file(self.job.hosts()), self.job.path)
        reader = threading.Thread(target=self.read, args=[self.container.process.stdout])
        reader.start()
        threading.Thread(target=self.wait, args=[reader]).start()

    def wait(self, reader):
        code = self.container.wait()
        self.failed_at = time.monotonic() if code else None
        reader.join()
        self.exit_code = code

    def read(self, output):
        for line in output:
            self.job.note(self.name, line.decode(errors="replace"))
        output.close()

    def is_running(self):
        return self.container is not None and self.exit_code is None

    def end(self):
        """SIGTERM, and SIGKILL when the notice is over."""
        container = self.container
        if self.is_running():
            container.terminate()
            threading.Timer(NOTICE_SECONDS, lambda: container.is_running() and container.kill()).start()

    def preempt(self):
        self.preempted = True
        self.end()


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
        self.lock = threading.Lock()
        self.pools = body["jobSpec"]["workerPoolSpecs"]
        self.sizes = {index: int(pool["replicaCount"]) for index, pool in enumerate(self.pools) if pool}
        self.replicas = [Replica(self, pool, index) for pool, count in self.sizes.items() for index in range(count)]
        self.thread = threading.Thread(target=self.run, daemon=True)

    def host(self, pool, index):
        return f"cmle-training-workerpool{pool}-{int(self.id):x}-{index}"

    def hosts(self):
        return [self.host(replica.pool, replica.index) for replica in self.replicas]

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
        most = 0 if self.body["jobSpec"].get("scheduling", {}).get("disableRetries") else RESTARTS
        failures = 0
        while not self.is_ended():
            self.move_to("JOB_STATE_PENDING")
            failed = self.run_replicas()
            if self.state == "JOB_STATE_CANCELLING":
                self.move_to("JOB_STATE_CANCELLED", {"code": 1, "message": "CANCELED"})
            elif any(replica.preempted for replica in self.replicas):
                continue
            elif not failed:
                self.move_to("JOB_STATE_SUCCEEDED")
            elif failures == most:
                self.move_to("JOB_STATE_FAILED", {
                    "code": 3, "message": f"The replica {failed.name} exited with a non-zero status of {failed.exit_code}."})
            else:
                failures += 1

    def run_replicas(self):
        """Until all have ended; the one that failed first, or None."""
        with self.lock:
            if self.state != "JOB_STATE_PENDING":
                return None
            self.starts += 1
            self.state = "JOB_STATE_RUNNING"
            port = free_port()
            for replica in self.replicas:
                replica.start(port)
        while self.replicas[0].is_running() and not any(replica.exit_code for replica in self.replicas):
            time.sleep(0.05)
        failed = min((replica for replica in self.replicas if replica.failed_at), key=lambda replica: replica.failed_at, default=None)
        for replica in self.replicas:
            replica.end()
        while any(replica.is_running() for replica in self.replicas):
            time.sleep(0.05)
        return failed

    def note(self, replica, line):
        project = self.name.split("/")[1]
        with self.lock:
            self.entries.append({
                "insertId": f"{self.id}-{len(self.entries)}", "timestamp": now(), "severity": "INFO",
                "logName": f"projects/{project}/logs/{replica}",
                "resource": {"type": "ml_job", "labels": {"job_id": self.id, "project_id": project, "task_name": replica}},
                "jsonPayload": {"message": line, "levelname": "INFO"}})

    def cancel(self):
        with self.lock:
            if self.is_ended():
                return False
            waiting = self.state != "JOB_STATE_RUNNING"
            self.state = "JOB_STATE_CANCELLED" if waiting else "JOB_STATE_CANCELLING"
        for replica in self.replicas:
            replica.end()
        return True

    def stop(self):
        self.cancel()
        deadline = time.monotonic() + 5
        while not self.is_ended() and time.monotonic() < deadline:
            time.sleep(0.05)
        for replica in self.replicas:
            if replica.is_running():
                replica.container.kill()
