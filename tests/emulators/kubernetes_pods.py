"""Pods as processes: what a JobSet's or Job's controller and the kubelets do with a run's pods.

A pod's container (container.py) is its command with its environment; secrets are SECRET/KEY's own words. The names of a
job's pods are loopback addresses. Pods share the machine's ports, so MASTER_PORT is a free one. A pod that ends is judged
by podFailurePolicy and, for a JobSet, failurePolicy, by the rules of the Kubernetes and JobSet references. Under restartPolicy
OnFailure its container starts again in its pod first, backoffLimit times in all pods together.
"""

import pathlib
import re
import tempfile
import threading
import time

from container import Container, free_port, hosts_file


INDEX_LABEL = "batch.kubernetes.io/job-completion-index"


class Pod:
    """`more`: variables that a controller adds; `files`: on its disk; `command`: instead of its own; `port`: a free one; `disk`: container.py."""

    def __init__(self, name, host, labels, template, path, hosts, attempt=0, more=None, files=None, command=None,
                 port=None, disk=None):
        self.name = name
        self.labels = {**template["metadata"].get("labels", {}), **labels}
        self.disrupted = False
        self.exit_code = None
        container = template["spec"]["containers"][0]
        self.container_name = container["name"]
        self.grace = template["spec"].get("terminationGracePeriodSeconds", 30)
        folder = tempfile.mkdtemp(prefix="temper-pod-")
        self.log_file = pathlib.Path(folder) / "log"
        for file, content in (files or {}).items():
            (pathlib.Path(folder) / file).write_text(content)
        fields = {"metadata.labels['jobset.sigs.k8s.io/restart-attempt']": str(attempt),
                  "metadata.annotations['batch.kubernetes.io/job-completion-index']": labels.get(INDEX_LABEL)}
        environment = {variable["name"]: self.value(variable, fields) for variable in container["env"]}
        environment.update(more or {})
        for variable in ("MASTER_PORT", "PET_MASTER_PORT"):
            if variable in environment:
                environment[variable] = str(port)
        environment["TEMPER_CACHE"] = (disk or folder) + "/work"  # the pod's own emptyDir
        self.disk = disk
        self.arguments = [command or container["command"], environment, folder, host, hosts, path]
        self.start()

    def start(self):
        with open(self.log_file, "ab") as log:
            self.container = Container(*self.arguments, log, self.disk)

    def start_again(self):
        """The container, on the same disk."""
        self.start()
        self.exit_code = None

    @staticmethod
    def value(variable, fields):
        if "value" in variable:
            return variable["value"]
        source = variable["valueFrom"]
        if "secretKeyRef" in source:
            return f"{source['secretKeyRef']['name']}/{source['secretKeyRef']['key']}"
        return fields[source["fieldRef"]["fieldPath"]]

    def is_running(self):
        return self.exit_code is None

    def wait(self):
        self.exit_code = self.container.wait()

    def evict(self):
        self.disrupted = True
        self.container.terminate()

    def object(self):
        phase = "Running" if self.is_running() else "Succeeded" if self.exit_code == 0 else "Failed"
        return {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"name": self.name, "namespace": "default", "labels": self.labels},
            "spec": {"containers": [{"name": self.container_name}]},
            "status": {"phase": phase, "containerStatuses": [{"name": self.container_name, "state": {}}]},
        }

    def log(self, follow):
        with open(self.log_file, "rb") as log:
            while True:
                running = self.is_running()
                text = log.read()
                if text:
                    yield text
                elif not (follow and running):
                    return
                else:
                    time.sleep(0.1)


def end_pods(pods):
    """They get SIGTERM and their grace period."""
    for pod in pods:
        pod.container.terminate()
    deadline = time.monotonic() + max((pod.grace for pod in pods), default=0)
    while any(pod.is_running() for pod in pods) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pod in pods:
        if pod.is_running():
            pod.container.kill()


class RunningJob:
    """An object whose pods a thread looks after, in run(), until it has a condition or is deleted."""

    def __init__(self, body):
        self.body = body
        self.pods = []
        self.restarts = 0
        self.condition = None
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()

    def end(self, kind, reason, message):
        self.condition = {"type": kind, "status": "True", "reason": reason, "message": message}

    def stop(self):
        """Deletes it."""
        self.stopping = True
        end_pods(self.pods)
        self.thread.join()


class Job(RunningJob):
    """One JobSet (of one replicated job) or Job."""

    def __init__(self, body, path):
        super().__init__(body)
        self.path = path
        self.counted_restarts = 0
        self.container_restarts = 0
        self.lock = threading.Lock()
        self.is_set = body["kind"] == "JobSet"
        self.job = body["spec"]["replicatedJobs"][0]["template"]["spec"] if self.is_set else body["spec"]

    def object(self):
        conditions = [self.condition] if self.condition else []
        return {**self.body, "status": {"conditions": conditions, "restarts": self.restarts}}

    def start_pods(self):
        name = self.body["metadata"]["name"]
        stem = f"{name}-{self.body['spec']['replicatedJobs'][0]['name']}-0" if self.is_set else name
        subdomain = self.body["spec"]["network"]["subdomain"] if self.is_set else self.job["template"]["spec"].get("subdomain")
        hosts = hosts_file([f"{stem}-{index}.{subdomain}" for index in range(self.job["completions"]) if subdomain])
        port = free_port()
        self.pods = [
            Pod(f"{stem}-{index}-r{self.restarts}", f"{stem}-{index}", {INDEX_LABEL: str(index)},
                self.job["template"], self.path, hosts, self.restarts,
                {"JOB_COMPLETION_INDEX": str(index)}, port=port)
            for index in range(self.job["completions"])
        ]

    def run(self):
        while not self.condition and not self.stopping:
            self.start_pods()
            waiters = [threading.Thread(target=self.keep, args=[pod]) for pod in self.pods]
            for waiter in waiters:
                waiter.start()
            # A JobSet starts all pods again once one failed; a plain Job waits for each and replaces it.
            while any(pod.is_running() for pod in self.pods) and not (self.is_set and any(pod.exit_code for pod in self.pods)):
                time.sleep(0.05)
            first = next((pod for pod in self.pods if pod.exit_code), None)
            if first:
                end_pods(self.pods)
            for waiter in waiters:
                waiter.join()
            if not self.stopping:
                self.judge(first)

    def keep(self, pod):
        """Until the pod ends, in which a container may start again."""
        in_place = self.job["template"]["spec"].get("restartPolicy") == "OnFailure"
        while True:
            code = pod.container.wait()
            with self.lock:
                again = code and in_place and not self.stopping and self.container_restarts < self.job.get("backoffLimit", 6)
                self.container_restarts += bool(again)
            if not again:
                pod.exit_code = code
                return
            time.sleep(0.1)
            pod.start()

    def judge(self, failed):
        """What becomes of the job once a pod failed (None: all succeeded)."""
        if not failed:
            self.end("Completed" if self.is_set else "Complete", "", "")
            return
        reason, message = self.failure(failed)
        if not self.is_set:
            for pod in self.pods:
                if pod.exit_code and self.failure(pod)[0] == "PodFailurePolicy":
                    self.end("Failed", *self.failure(pod))
                    return
            counted = sum(self.failure(pod)[0] != "Ignore" for pod in self.pods if pod.exit_code)
            self.restart(reason, message, counted, self.job["backoffLimit"])
            return
        policy = self.body["spec"].get("failurePolicy")
        if not policy:
            self.end("Failed", "FailedJobs", f"jobset failed due to one or more job failures: {reason}: {message}")
            return
        for rule in policy["rules"]:
            reasons = rule.get("onJobFailureReasons")
            patterns = rule.get("onJobFailureMessagePatterns")
            if (not reasons or reason in reasons) and (not patterns or any(re.search(p, message) for p in patterns)):
                if rule["action"] == "FailJobSet":
                    self.end("Failed", "FailJobSetFailurePolicyAction", message)
                else:
                    counted = rule["action"] == "RestartJobSet"
                    self.restart(reason, message, counted, policy["maxRestarts"])
                return
        self.restart(reason, message, True, policy["maxRestarts"])

    def failure(self, pod):
        """Reason and message of the Job, as its controller words them."""
        for index, rule in enumerate(self.job.get("podFailurePolicy", {"rules": []})["rules"]):
            codes = rule.get("onExitCodes", {})
            if pod.exit_code in codes.get("values", []) and codes["containerName"] == pod.container_name:
                why = f"Container {pod.container_name} for pod default/{pod.name} failed with exit code {pod.exit_code}"
            elif pod.disrupted and "onPodConditions" in rule:
                why = f"Pod default/{pod.name} has condition DisruptionTarget"
            else:
                continue
            action = rule["action"]
            return ("PodFailurePolicy" if action == "FailJob" else action), f"{why} matching {action} rule at index {index}"
        return "BackoffLimitExceeded", "Job has reached the specified backoff limit"

    def restart(self, reason, message, counted, most):
        self.counted_restarts += counted
        if self.counted_restarts > most:
            self.end("Failed", "ReachedMaxRestarts", f"{reason}: {message}")
        else:
            self.restarts += 1
