"""A small Vertex AI, Cloud Logging and Secret Manager for tests: the REST calls that Temper uses, with faults on demand.

Usage: vertex_emulator.py [PATH]; prints "ready PORT". A created job's replicas are started as processes (vertex_jobs.py)
with PATH in front of theirs, so that an image's programs are those of a build. An image with "missing" in its name can't be
pulled. The tests' own door:
  POST /_faults [fault, …]   see faults.py       POST /_heal      forget faults
  POST /_preempt, /_kill, /_freeze {replica: N}   take a machine of each running job away, kill or stop all its processes
  POST /_stop                end all jobs now
  POST /_secrets {name: value}                   GET  /_log       [[method, path], …]
  GET  /_jobs                {id: times that its replicas were started}
Kept honest by tests/emulators/vertex_client_test.py: Google's own clients must work with it.
"""
import base64
import json
import pathlib
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from faults import Faults, write_body
from parent import end_with_parent
from vertex_jobs import CustomJob

JOBS = re.compile(r"/v1/(?P<parent>projects/[^/]+/locations/[^/]+)/customJobs(?:/(?P<id>[^/:]+))?(?P<verb>:cancel)?$")
SECRET = re.compile(r"/v1/(?P<version>projects/[^/]+/secrets/(?P<name>[^/]+)/versions/[^/]+):access$")
PAGE_ENTRIES = 50  # of a log; small, so that pages are read

# The fields of google.cloud.aiplatform.v1's messages that a job may have; {} is a map of any names.
MACHINE = {"machineType", "acceleratorType", "acceleratorCount", "reservationAffinity"}
CONTAINER = {"imageUri", "command", "args", "env"}
POOL = {"machineSpec": MACHINE, "replicaCount": None, "diskSpec": {"bootDiskType", "bootDiskSizeGb"},
        "containerSpec": CONTAINER, "nfsMounts": None}
SCHEDULING = {"timeout", "restartJobOnWorkerRestart", "strategy", "maxWaitDuration", "disableRetries"}
JOB_SPEC = {"workerPoolSpecs": POOL, "scheduling": SCHEDULING, "serviceAccount": None, "network": None,
            "baseOutputDirectory": {"outputUriPrefix"}, "enableWebAccess": None, "tensorboard": None}
CUSTOM_JOB = {"displayName": None, "jobSpec": JOB_SPEC, "labels": None, "encryptionSpec": {"kmsKeyName"}}


class Refusal(Exception):
    def __init__(self, status, word, message):
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": status, "message": message, "status": word}}


def invalid(message):
    return Refusal(400, "INVALID_ARGUMENT", message)


def check_fields(value, known, place):
    """Unknown fields are refused, as by Google's JSON transcoding."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            raise invalid(f"Invalid value at '{place}'")
        for name, member in item.items():
            if name not in known:
                raise invalid(f"Invalid JSON payload received. Unknown name \"{name}\" at '{place}': Cannot find field.")
            if isinstance(known, dict) and known[name] and member:
                check_fields(member, known[name], f"{place}.{name}")


def check_job(body):
    check_fields(body, CUSTOM_JOB, "custom_job")
    if not body.get("displayName"):
        raise invalid("Required field is not set: display_name")
    pools = body.get("jobSpec", {}).get("workerPoolSpecs", [])
    if not pools or pools[0].get("replicaCount") not in ("1", 1):
        raise invalid("Only one replica is allowed in the first worker pool (the primary replica)")
    for pool in pools:
        machine = pool["machineSpec"]
        if not machine.get("machineType"):
            raise invalid("Required field is not set: machine_type")
        if ("acceleratorType" in machine) != ("acceleratorCount" in machine):
            raise invalid("accelerator_type and accelerator_count must be set together")
        if len(pools) > 1 and not body["jobSpec"].get("scheduling", {}).get("restartJobOnWorkerRestart"):
            raise invalid("this emulator starts several replicas again together only: restartJobOnWorkerRestart")
        if int(pool["diskSpec"]["bootDiskSizeGb"]) < 100:
            raise invalid("boot_disk_size_gb must be at least 100")
        for variable in pool["containerSpec"].get("env", []):
            check_fields(variable, {"name", "value"}, "env")
    for label, value in body.get("labels", {}).items():
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", label) or not re.fullmatch(r"[a-z0-9_-]{0,63}", value):
            raise invalid(f"Label {label}={value} is not valid")


class Service:
    """What was made. Thread-safe."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.jobs = {}
        self.secrets = {}
        self.faults = Faults()
        self.next_id = int(time.time() * 1000)

    def create(self, parent, body):
        check_job(body)
        with self.lock:
            self.next_id += 1
            job = CustomJob(f"{parent}/customJobs/{self.next_id}", body, self.path)
            self.jobs[job.name] = job
        job.thread.start()
        return job.object()

    def find(self, name):
        with self.lock:
            if name not in self.jobs:
                raise Refusal(404, "NOT_FOUND", f"The CustomJob does not exist: {name}")
            return self.jobs[name]

    def all_jobs(self):
        with self.lock:
            return list(self.jobs.values())

    def list(self, parent, query):
        jobs = [job.object() for job in self.all_jobs() if job.name.startswith(parent + "/")]
        wanted = query.get("filter", "")
        if wanted:
            match = re.fullmatch(r'labels\.([a-z0-9_-]+)="?([a-z0-9_-]*)"?', wanted)
            if not match:
                raise invalid(f"Unsupported filter: {wanted}")
            jobs = [job for job in jobs if job.get("labels", {}).get(match[1]) == match[2]]
        begin = int(query.get("pageToken") or 0)
        end = begin + min(int(query.get("pageSize") or 100), 2)  # small, so that pages are read
        answer = {"customJobs": jobs[begin:end]} if jobs[begin:end] else {}
        return {**answer, "nextPageToken": str(end)} if end < len(jobs) else answer

    def entries(self, body):
        check_fields(body, {"resourceNames", "filter", "orderBy", "pageSize", "pageToken"}, "entries")
        wanted = dict(re.findall(r'([a-z_.]+)>?="([^"]*)"', body["filter"]))
        entries = [entry for job in self.all_jobs() for entry in list(job.entries)
                   if wanted.get("resource.labels.job_id") in (None, job.id)]
        entries = [entry for entry in entries
                   if wanted.get("resource.labels.task_name") in (None, entry["resource"]["labels"]["task_name"])
                   and entry["timestamp"] >= wanted.get("timestamp", "")
                   and f"projects/{entry['resource']['labels']['project_id']}" in body["resourceNames"]]
        entries.sort(key=lambda entry: entry["timestamp"], reverse=body.get("orderBy") == "timestamp desc")
        begin = int(body.get("pageToken") or 0)
        end = begin + min(int(body.get("pageSize") or PAGE_ENTRIES), PAGE_ENTRIES)
        answer = {"entries": entries[begin:end]} if entries[begin:end] else {}
        return {**answer, "nextPageToken": str(end)} if end < len(entries) else answer

    def secret(self, version, name):
        if name not in self.secrets:
            raise Refusal(404, "NOT_FOUND", f"Secret [{version}] not found or has no versions.")
        data = base64.b64encode(self.secrets[name].encode()).decode()
        return {"name": version, "payload": {"data": data}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service = None

    def log_message(self, *_):
        pass

    def do_request(self):
        url = urlsplit(self.path)
        query = {key: value[-1] for key, value in parse_qs(url.query).items()}
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(text or b"null")
        self.fault = {}
        if url.path.startswith("/_"):
            self.reply(200, self.door(url.path, body))
            return
        self.fault = self.service.faults.next_for(self.command, self.path)
        time.sleep(self.fault.get("stall", 0))
        if self.fault.get("refuse"):
            self.close_connection = True
        elif "status" in self.fault:
            self.reply(self.fault["status"], self.fault.get("body", {}), self.fault.get("headers", {}))
        else:
            try:
                self.reply(200, self.route(unquote(url.path), query, body))
            except Refusal as refusal:
                self.reply(refusal.status, refusal.body)

    do_GET = do_POST = do_request

    def route(self, path, query, body):
        if path == "/v2/entries:list" and self.command == "POST":
            return self.service.entries(body)
        if (match := SECRET.match(path)) and self.command == "GET":
            return self.service.secret(match["version"], match["name"])
        match = JOBS.match(path)
        if not match:
            raise Refusal(404, "NOT_FOUND", f"no {path} here")
        if self.command == "POST" and not match["id"]:
            return self.service.create(match["parent"], body)
        if self.command == "GET" and not match["id"]:
            return self.service.list(match["parent"], query)
        job = self.service.find(f"{match['parent']}/customJobs/{match['id']}")
        if self.command == "GET":
            return job.object()
        if not job.cancel():
            raise Refusal(400, "FAILED_PRECONDITION", f"CustomJob {job.id} is in state {job.state} and can't be cancelled.")
        return {}

    def door(self, path, body):
        service = self.service
        if path == "/_faults":
            service.faults.add(body)
        elif path == "/_heal":
            service.faults.heal()
        elif path == "/_secrets":
            service.secrets.update(body)
        elif path in ("/_preempt", "/_kill", "/_freeze"):
            for job in service.all_jobs():
                replica = job.replicas[body.get("replica", 0)]
                if replica.is_running():
                    {"/_preempt": replica.preempt, "/_kill": replica.container.kill,
                     "/_freeze": replica.container.freeze}[path]()
        elif path == "/_stop":
            for job in service.all_jobs():
                job.stop()
        elif path == "/_log":
            return service.faults.log()
        elif path == "/_jobs":
            return {job.id: job.starts for job in service.all_jobs()}
        return {}

    def reply(self, status, value, headers=None):
        if self.fault.get("lose_reply"):
            self.close_connection = True
            return
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        self.close_connection = not write_body(self.wfile, data, self.fault)


def main():
    end_with_parent()
    Handler.service = Service(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"ready {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
