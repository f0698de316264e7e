"""A small Kubernetes API server, enough for kubectl's create, get, delete and logs of JobSets, Jobs, TrainJobs and MPIJobs.

Usage: kubernetes_api.py [PATH]; prints `port N`. A created job's pods are started as processes (kubernetes_pods.py,
kubernetes_train.py, kubernetes_mpi.py) with PATH in front of theirs, so that an image's programs are those of a build. GET /_pods lists them,
GET /_services the services. POST /_evict ends a pod as a drained node would: SIGTERM and the condition DisruptionTarget; POST /_kill sends
SIGKILL and POST /_freeze SIGSTOP to all its processes. They take {"pod": INDEX}, 0 without it. POST /_stop
ends everything.
"""

import http.server
import json
import pathlib
import re
import sys
import threading

from kubernetes_mpi import MpiJob
from kubernetes_pods import Job
from kubernetes_train import GROUP, TORCH_DISTRIBUTED, TrainJob
from parent import end_with_parent

RUNTIMES = "clustertrainingruntimes"  # in no namespace
RESOURCES = {
    "v1": [("pods", "Pod"), ("services", "Service")],
    "batch/v1": [("jobs", "Job")],
    "jobset.x-k8s.io/v1alpha2": [("jobsets", "JobSet")],
    "kubeflow.org/v2beta1": [("mpijobs", "MPIJob")],
    GROUP: [("trainjobs", "TrainJob"), (RUNTIMES, "ClusterTrainingRuntime")],
}
OBJECT = re.compile(
    r"/(?:api|apis)/(?P<version>.+?)/(?:namespaces/(?P<space>[^/]+)/(?P<plural>[a-z]+)|(?P<wide>" + RUNTIMES
    + r"))(?:/(?P<name>[^/]+))?(?P<log>/log)?$")


def status(code, reason, message):
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code}


class Cluster:
    """What was created, by (plural, namespace, name)."""

    def __init__(self, path):
        self.path = path
        self.jobs = {}
        self.services = {}
        self.runtimes = {"torch-distributed": TORCH_DISTRIBUTED}
        self.lock = threading.Lock()

    def create(self, plural, space, body, dry_run=False):
        """A dry run judges without making anything; an image called "refused" is what an admission webhook denies."""
        name = body["metadata"]["name"]
        if "image: refused" in json.dumps(body).replace('"', ""):
            return status(403, "Forbidden", f'{plural} "{name}" is forbidden: admission webhook "images" denied the request')
        with self.lock:
            if (plural, space, name) in self.jobs or (plural == "services" and (space, name) in self.services):
                return status(409, "AlreadyExists", f'{plural} "{name}" already exists')
            if plural == RUNTIMES:
                self.runtimes[name] = body
                return 201, body
            runtime = self.runtimes.get(body["spec"].get("runtimeRef", {}).get("name"))
            if plural == "trainjobs" and not runtime:
                return status(403, "Forbidden", 'admission webhook "validator.trainjob.trainer.kubeflow.org" denied the request: '
                              "specified clusterTrainingRuntime must be created before the TrainJob is created")
            if dry_run:
                return 201, body
            if plural == "services":
                self.services[space, name] = body
                return 201, body
            if body["kind"] == "TrainJob":
                job = TrainJob(body, runtime, self.path)
            else:
                job = MpiJob(body, self.path) if body["kind"] == "MPIJob" else Job(body, self.path)
            self.jobs[plural, space, name] = job
        job.start()
        return 201, job.object()

    def get(self, plural, space, name):
        with self.lock:
            if plural == "pods":
                for job in self.jobs.values():
                    for pod in job.pods:
                        if pod.name == name:
                            return 200, pod.object()
            elif plural == "services" and (space, name) in self.services:
                return 200, self.services[space, name]
            elif (plural, space, name) in self.jobs:
                return 200, self.jobs[plural, space, name].object()
        return status(404, "NotFound", f'{plural} "{name}" not found')

    def list(self, plural, space, selector):
        wanted = dict(pair.split("=", 1) for pair in selector.split(",") if pair)
        with self.lock:
            if plural == "pods":
                items = [pod.object() for job in self.jobs.values() for pod in job.pods]
            else:
                items = [job.object() for key, job in self.jobs.items() if key[:2] == (plural, space)]
        kind = next(kind for resources in RESOURCES.values() for name, kind in resources if name == plural)
        items = [item for item in items if wanted.items() <= item["metadata"].get("labels", {}).items()]
        return 200, {"kind": kind + "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items}

    def delete(self, plural, space, name):
        if plural == "services" and self.services.pop((space, name), None):
            return 200, {"kind": "Status", "apiVersion": "v1", "status": "Success"}
        with self.lock:
            job = self.jobs.get((plural, space, name))
        if not job:
            return status(404, "NotFound", f'{plural} "{name}" not found')
        job.stop()
        with self.lock:
            self.jobs.pop((plural, space, name), None)
        return 200, {"kind": "Status", "apiVersion": "v1", "status": "Success"}

    def stop(self):
        """Everything, at once."""
        for job in list(self.jobs.values()):
            job.stopping = True
            for pod in job.pods:
                pod.container.kill()

    def running_pods(self):
        with self.lock:
            return [pod for job in self.jobs.values() for pod in job.pods if pod.is_running()]


def discovery(path):
    """What kubectl asks before anything else; None: something else is asked."""
    if path == "/version":
        return {"major": "1", "minor": "32", "gitVersion": "v1.32.0"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        groups = []
        for version in RESOURCES:
            if "/" in version:
                entry = {"groupVersion": version, "version": version.split("/")[1]}
                groups.append({"name": version.split("/")[0], "versions": [entry], "preferredVersion": entry})
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    version = path.removeprefix("/apis/").removeprefix("/api/")
    if version in RESOURCES:
        verbs = ["create", "delete", "get", "list", "patch", "watch"]
        resources = [
            {"name": plural, "singularName": kind.lower(), "namespaced": plural != RUNTIMES, "kind": kind, "verbs": verbs}
            for plural, kind in RESOURCES[version]
        ]
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}
    if path == "/openapi/v3":
        paths = {("api/" if version == "v1" else "apis/") + version for version in RESOURCES}
        return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in paths}}
    if path.startswith("/openapi/v3/"):
        return openapi(path.removeprefix("/openapi/v3/apis/").removeprefix("/openapi/v3/api/"))
    return None


def openapi(version):
    """That the server checks fields itself, so kubectl need not."""
    group, _, short = version.rpartition("/")
    operations = {}
    for plural, kind in RESOURCES.get(version, []):
        space = "" if plural == RUNTIMES else "namespaces/{namespace}/"
        operations[f"/apis/{version}/{space}{plural}/{{name}}"] = {
            "patch": {
                "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
                "x-kubernetes-group-version-kind": {"group": group, "kind": kind, "version": short},
                "responses": {},
            }
        }
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.32.0"}, "paths": operations}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster = None

    def log_message(self, *_):
        pass

    def answer(self, code, body):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def object(self):
        path, _, query = self.path.partition("?")
        match = OBJECT.match(path)
        values = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
        return match, {key: value.replace("%3D", "=").replace("%2C", ",") for key, value in values.items()}

    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")

    def do_GET(self):
        known = discovery(self.path.partition("?")[0])
        match, query = self.object()
        if known is not None:
            self.answer(200, known)
        elif self.path == "/_pods":
            self.answer(200, [pod.name for pod in self.cluster.running_pods()])
        elif self.path == "/_services":
            self.answer(200, [name for _, name in self.cluster.services])
        elif match and match["log"]:
            self.send_log(match["name"], query.get("follow") == "true")
        elif match and match["name"]:
            self.answer(*self.cluster.get(match["plural"], match["space"], match["name"]))
        elif match:
            self.answer(*self.cluster.list(match["plural"], match["space"], query.get("labelSelector", "")))
        else:
            self.answer(*status(404, "NotFound", f"no {self.path} here"))

    def send_log(self, name, follow):
        pod = next((pod for job in list(self.cluster.jobs.values()) for pod in job.pods if pod.name == name), None)
        if not pod:
            self.answer(*status(404, "NotFound", f'pods "{name}" not found'))
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for text in pod.log(follow):
            self.wfile.write(text)

    def do_POST(self):
        body = self.body()
        if self.path == "/_stop":
            self.cluster.stop()
            self.answer(200, {})
            return
        if self.path in ("/_evict", "/_kill", "/_freeze"):
            pod = self.cluster.running_pods()[body.get("pod", 0)]
            {"/_evict": pod.evict, "/_kill": pod.container.kill, "/_freeze": pod.container.freeze}[self.path]()
            self.answer(200, {})
            return
        match, query = self.object()
        if match:
            self.answer(*self.cluster.create(match["plural"] or match["wide"], match["space"], body, query.get("dryRun") == "All"))
        else:
            self.answer(*status(404, "NotFound", f"no {self.path} here"))

    def do_DELETE(self):
        self.body()
        match, _ = self.object()
        if match and match["name"]:
            self.answer(*self.cluster.delete(match["plural"], match["space"], match["name"]))
        else:
            self.answer(*status(404, "NotFound", f"no {self.path} here"))


def main():
    end_with_parent()
    Handler.cluster = Cluster(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"port {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
