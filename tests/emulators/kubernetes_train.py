"""What Kubeflow Trainer does with a TrainJob: makes a JobSet of its runtime, by the sources of kubeflow/trainer
(pkg/runtime/framework/plugins: jobset, torch) and the reference of its runtimePatches.

The runtime's job "node" gets the TrainJob's image, command, nodes, resources and variables; the torch policy adds PET_*;
patches are merged in last. JobSet's own defaults follow: pods without a restartPolicy have OnFailure.
"""
import copy

from kubernetes_pods import Job

GROUP = "trainer.kubeflow.org/v1alpha1"
PORT = "29500"
# What Trainer ships, but for its image and command, which a TrainJob has of its own.
TORCH_DISTRIBUTED = {
    "apiVersion": GROUP, "kind": "ClusterTrainingRuntime", "metadata": {"name": "torch-distributed"},
    "spec": {
        "mlPolicy": {"numNodes": 1, "torch": {"numProcPerNode": "auto"}},
        "template": {"spec": {"replicatedJobs": [{
            "name": "node",
            "template": {
                "metadata": {"labels": {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}},
                "spec": {"template": {"spec": {"containers": [{"name": "node", "image": "pytorch"}]}}}}}]}}}}


def merged(old, patch):
    """Strategic merge: lists of named things by their names, other lists one behind the other."""
    if isinstance(old, dict) and isinstance(patch, dict):
        return {**old, **{key: merged(old[key], value) if key in old else value for key, value in patch.items()}}
    if isinstance(old, list) and isinstance(patch, list):
        names = [item.get("name") if isinstance(item, dict) else None for item in old]
        result = list(old)
        for item in patch:
            name = item.get("name") if isinstance(item, dict) else None
            if name is not None and name in names:
                result[names.index(name)] = merged(old[names.index(name)], item)
            else:
                result.append(item)
        return result
    return patch


def torch_variables(name, nodes):
    return [
        {"name": "PET_NNODES", "value": str(nodes)},
        {"name": "PET_NPROC_PER_NODE", "value": "auto"},
        {"name": "PET_NODE_RANK",
         "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['batch.kubernetes.io/job-completion-index']"}}},
        {"name": "PET_MASTER_ADDR", "value": f"{name}-node-0-0.{name}"},
        {"name": "PET_MASTER_PORT", "value": PORT},
    ]


def job_set_of(body, runtime):
    """The JobSet that a TrainJob becomes."""
    name = body["metadata"]["name"]
    trainer = body["spec"]["trainer"]
    spec = copy.deepcopy(runtime["spec"]["template"]["spec"])
    (node,) = [job for job in spec["replicatedJobs"] if job["name"] == "node"]
    job = node["template"]["spec"]
    nodes = trainer.get("numNodes", runtime["spec"]["mlPolicy"]["numNodes"])
    job.update({"completionMode": "Indexed", "completions": nodes, "parallelism": nodes})
    (container,) = [container for container in job["template"]["spec"]["containers"] if container["name"] == "node"]
    variables = merged(container.get("env", []), trainer.get("env", []))
    container.update({"image": trainer["image"], "command": trainer["command"], "resources": trainer["resourcesPerNode"],
                      "env": merged(variables, torch_variables(name, nodes))})
    for patch in body["spec"].get("runtimePatches", []):
        spec = merged(spec, patch["trainingRuntimeSpec"]["template"]["spec"])
    for replicated in spec["replicatedJobs"]:
        pod = replicated["template"]["spec"]["template"]
        pod["spec"].setdefault("restartPolicy", "OnFailure")
        pod.setdefault("metadata", {})
    spec.setdefault("network", {"subdomain": name})
    return {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "metadata": {"name": name}, "spec": spec}


class TrainJob(Job):
    """Its pods are its JobSet's, and so are its conditions, but for one's name."""

    def __init__(self, body, runtime, path):
        super().__init__(job_set_of(body, runtime), path)
        self.train_job = body

    def object(self):
        conditions = [{**self.condition, "type": self.condition["type"].replace("Completed", "Complete")}] if self.condition else []
        return {**self.train_job, "status": {"conditions": conditions}}
