"""Google's own clients must read what Temper renders and work with our emulator: what keeps both honest.

Run with the Python of .venv-reference (google-cloud-aiplatform, -logging and -secret-manager).
"""
import json
import pathlib
import subprocess
import sys
import time
import unittest
import urllib.request

from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import logging_v2
from google.cloud import secretmanager_v1 as secretmanager
from google.cloud.aiplatform_v1.services.job_service import JobServiceClient
from google.cloud.aiplatform_v1.types import CustomJob, JobState

HERE = pathlib.Path(__file__).parent
GOLDEN = HERE.parent / "golden" / "vertex"
PARENT = "projects/p/locations/europe-west4"


def example(script, image="temper"):
    job = CustomJob.from_json((GOLDEN / "cpu.json").read_text())
    container = job.job_spec.worker_pool_specs[0].container_spec
    container.image_uri = image
    container.command = ["/bin/sh", "-c"]
    container.args = [script]
    return job


class VertexClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen([sys.executable, HERE / "vertex_emulator.py"], stdout=subprocess.PIPE, text=True)
        cls.endpoint = "http://127.0.0.1:" + cls.process.stdout.readline().split()[1]
        options = {"api_endpoint": cls.endpoint}
        cls.jobs = JobServiceClient(transport="rest", credentials=AnonymousCredentials(), client_options=options)
        cls.secrets = secretmanager.SecretManagerServiceClient(
            transport="rest", credentials=AnonymousCredentials(), client_options=options)
        cls.logs = logging_v2.Client(
            project="p", credentials=AnonymousCredentials(), client_options=options, _use_grpc=False)

    @classmethod
    def tearDownClass(cls):
        cls.door("_stop")
        cls.process.terminate()
        cls.process.wait()
        cls.process.stdout.close()

    @classmethod
    def door(cls, name, value=None):
        request = urllib.request.Request(f"{cls.endpoint}/{name}", data=json.dumps(value or {}).encode(), method="POST")
        return json.load(urllib.request.urlopen(request))

    def wait_for(self, name, *states):
        deadline = time.monotonic() + 30
        while (job := self.jobs.get_custom_job(name=name)).state not in states:
            self.assertLess(time.monotonic(), deadline, job.state)
            time.sleep(0.1)
        return job

    def lines(self, job, order):
        found = self.logs.list_entries(
            resource_names=["projects/p"], order_by=order, page_size=20,
            filter_=f'resource.type="ml_job" AND resource.labels.job_id="{job.name.rpartition("/")[2]}"')
        return [entry.payload["message"].strip() for entry in found]

    def test_what_temper_renders_is_a_custom_job(self):
        names = sorted(path.name for path in GOLDEN.glob("*.json"))
        self.assertIn("cpu.json", names)
        for name in names:
            rendered = json.loads((GOLDEN / name).read_text())
            job = CustomJob.from_json(json.dumps(rendered), ignore_unknown_fields=False)
            back = json.loads(CustomJob.to_json(job, use_integers_for_enums=False))
            self.assertEqual(back["jobSpec"]["scheduling"]["strategy"], rendered["jobSpec"]["scheduling"]["strategy"])
            self.assertEqual(back["labels"], rendered["labels"])
            pools = [int(pool["replicaCount"]) for pool in rendered["jobSpec"]["workerPoolSpecs"]]
            self.assertEqual([pool.replica_count for pool in job.job_spec.worker_pool_specs], pools)

    def test_a_job_runs_to_its_end_and_its_log_is_read_in_pages(self):
        job = self.jobs.create_custom_job(parent=PARENT, custom_job=example("for i in $(seq 120); do echo line $i; done"))
        self.assertTrue(job.name.startswith(PARENT + "/customJobs/"))
        self.wait_for(job.name, JobState.JOB_STATE_SUCCEEDED)
        lines = [f"line {index}" for index in range(1, 121)]
        self.assertEqual(self.lines(job, "timestamp asc"), lines)
        self.assertEqual(self.lines(job, "timestamp desc"), lines[::-1])

    def test_a_failing_replica_is_restarted_five_times(self):
        job = self.jobs.create_custom_job(parent=PARENT, custom_job=example("echo start; exit 78"))
        job = self.wait_for(job.name, JobState.JOB_STATE_FAILED)
        self.assertIn("non-zero status of 78", job.error.message)
        self.assertEqual(self.lines(job, "timestamp asc"), ["start"] * 6)

    def test_an_image_that_is_missing(self):
        job = self.jobs.create_custom_job(parent=PARENT, custom_job=example("true", image="missing"))
        self.assertIn("Failed to pull image", self.wait_for(job.name, JobState.JOB_STATE_FAILED).error.message)

    def test_jobs_are_listed_by_their_label_in_pages(self):
        wanted = []
        for index in range(5):
            job = example("true")
            job.labels["temper_run"] = "other" if index == 2 else "listed"
            made = self.jobs.create_custom_job(parent=PARENT, custom_job=job)
            wanted += [made.name] * (index != 2)
        found = self.jobs.list_custom_jobs({"parent": PARENT, "filter": "labels.temper_run=listed"})
        self.assertEqual(sorted(job.name for job in found), sorted(wanted))

    def test_cancel(self):
        job = self.jobs.create_custom_job(parent=PARENT, custom_job=example("trap 'echo saved; exit 85' TERM; sleep 60 & wait"))
        self.wait_for(job.name, JobState.JOB_STATE_RUNNING)
        time.sleep(0.5)
        self.jobs.cancel_custom_job(name=job.name)
        self.wait_for(job.name, JobState.JOB_STATE_CANCELLED)
        self.assertEqual(self.lines(job, "timestamp asc"), ["saved"])
        with self.assertRaises(exceptions.BadRequest):
            self.jobs.cancel_custom_job(name=job.name)

    def test_what_is_no_job_is_refused(self):
        job = example("true")
        job.job_spec.worker_pool_specs[0].replica_count = 2
        with self.assertRaises(exceptions.BadRequest):
            self.jobs.create_custom_job(parent=PARENT, custom_job=job)
        with self.assertRaises(exceptions.NotFound):
            self.jobs.get_custom_job(name=PARENT + "/customJobs/1")

    def test_secrets(self):
        self.door("_secrets", {"hub": "hf_secret\n"})
        answer = self.secrets.access_secret_version(name="projects/p/secrets/hub/versions/latest")
        self.assertEqual(answer.payload.data, b"hf_secret\n")
        with self.assertRaises(exceptions.NotFound):
            self.secrets.access_secret_version(name="projects/p/secrets/none/versions/1")


if __name__ == "__main__":
    unittest.main()
