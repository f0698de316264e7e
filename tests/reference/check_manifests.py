"""Rendered manifests against Kubernetes' own schemas.

Usage: check_manifests.py GOLDENS RUNTIME [CRDS]. GOLDENS is tests/golden/kubernetes; RUNTIME our training runtime for
Kubeflow, which is checked as the JobSet that it holds. Jobs and pod templates are checked by the
pip package kubernetes-validate, strictly. CRDS is a folder with the custom resource definitions of JobSet, TrainJob and
MPIJob (jobsets.yaml, trainjobs.yaml, mpijobs.yaml); custom resources are checked by the schemas in them, unknown fields
refused.
"""

import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml


def closed(schema):
    """The schema with unknown fields refused, as the API server does with fieldValidation=Strict."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    open_ended = "additionalProperties" in schema or schema.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not open_ended:
        result["additionalProperties"] = False
    return result


def custom_schemas(folder):
    schemas = {}
    for file in sorted(pathlib.Path(folder).glob("*.yaml")):
        for definition in yaml.safe_load_all(file.read_text()):
            if definition and definition["kind"] == "CustomResourceDefinition":
                spec = definition["spec"]
                for version in spec["versions"]:
                    key = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
                    schema = closed(version["schema"]["openAPIV3Schema"])
                    schema["properties"]["metadata"] = {"type": "object"}
                    schemas[key] = schema
    return schemas


def pod_templates(value):
    """Every complete pod template inside an object; patches of them aren't complete."""
    if isinstance(value, list):
        for item in value:
            yield from pod_templates(item)
    elif isinstance(value, dict):
        template = value.get("template", {})
        containers = template.get("spec", {}).get("containers", []) if isinstance(template, dict) else []
        if any("image" in container for container in containers):
            yield template
        for item in value.values():
            yield from pod_templates(item)


def check(name, manifest, schemas):
    version = kubernetes_validate.latest_version()
    if manifest["apiVersion"] in ("batch/v1", "v1"):
        kubernetes_validate.validate(manifest, version, strict=True)
        how = "kubernetes-validate"
    elif schemas:
        schema = schemas[manifest["apiVersion"], manifest["kind"]]
        jsonschema.Draft202012Validator(schema).validate(manifest)
        how = "its custom resource definition"
    else:
        how = "its pods alone, for want of custom resource definitions"
    pods = 0
    for template in pod_templates(manifest):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", **template.get("metadata", {})}, "spec": template["spec"]}
        kubernetes_validate.validate(pod, version, strict=True)
        pods += 1
    print(f"{name}: {manifest['kind']} by {how}, {pods} pod templates")


def job_set_of(runtime):
    return {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "metadata": {}, "spec": runtime["spec"]["template"]["spec"]}


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.yaml"))
    runtime = pathlib.Path(sys.argv[2])
    schemas = custom_schemas(sys.argv[3]) if len(sys.argv) > 3 else {}
    check(runtime.name, job_set_of(yaml.safe_load(runtime.read_text())), schemas)
    assert len(files) >= 9, files
    for file in files:
        for manifest in yaml.safe_load_all(file.read_text()):
            check(file.name, manifest, schemas)


if __name__ == "__main__":
    main()
