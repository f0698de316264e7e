"""What Kubeflow's MPI operator does with an MPIJob, by its controller's source (pkg/controller/mpi_job_controller.go).

Workers are started first; the launcher when all are ready. The launcher's container gets a host file and the variables
that name it. A worker that ends starts again in its pod (restartPolicy OnFailure); a launcher that fails is replaced,
backoffLimit times. Workers are ended with the launcher (cleanPodPolicy Running). mpirun finds ssh_stand_in.py as ssh.
"""
import pathlib
import tempfile
import threading
import time

from container import DISK, hosts_file
from kubernetes_pods import Pod, RunningJob, end_pods

SSH = pathlib.Path(__file__).with_name("ssh_stand_in.py")


class MpiJob(RunningJob):
    def __init__(self, body, path):
        super().__init__(body)
        self.name = body["metadata"]["name"]
        self.spec = body["spec"]
        self.replicas = self.spec["mpiReplicaSpecs"]
        tools = pathlib.Path(tempfile.mkdtemp(prefix="temper-ssh-"))
        (tools / "ssh").symlink_to(SSH)
        self.path = f"{tools}:{path}"
        count = self.replicas.get("Worker", {"replicas": 0})["replicas"]
        self.worker_names = [f"{self.name}-worker-{index}" for index in range(count)]
        self.hosts = [self.full_name(name) for name in [self.name + "-launcher", *self.worker_names]]

    def full_name(self, pod):
        return f"{pod}.{self.name}.{self.body['metadata']['namespace']}.svc"

    def object(self):
        return {**self.body, "status": {"conditions": [self.condition] if self.condition else []}}

    def start_pod(self, role, host, name, more=None):
        template = self.replicas[role]["template"]
        if role == "Worker":
            command = template["spec"]["containers"][0]["command"]
            assert command[0] == "/usr/sbin/sshd", command
            more = {"command": [str(SSH), *command[1:]]}
        labels = {"training.kubeflow.org/job-role": role.lower()}
        return Pod(name, host, labels, template, path=self.path, hosts=hosts_file(self.hosts), disk=DISK, **(more or {}))

    def start_launcher(self):
        slots = self.spec["slotsPerWorker"]
        lines = "".join(f"{host} slots={slots}\n" for host in self.hosts)
        return self.start_pod("Launcher", self.name + "-launcher", f"{self.name}-launcher-{self.restarts}", {
            "files": {"hostfile": lines},
            "more": {"K_MPI_JOB_ROLE": "launcher", "OMPI_MCA_orte_keep_fqdn_hostnames": "true",
                     "OMPI_MCA_orte_default_hostfile": f"{DISK}/hostfile", "OMPI_MCA_orte_set_default_slots": str(slots),
                     "OMPI_MCA_plm_rsh_args": "-o ConnectionAttempts=10"}})

    def keep_worker(self, index):
        """A worker, started again when it ends."""
        while not self.stopping and not self.condition:
            self.pods[index].wait()
            if not self.stopping and not self.condition:
                self.pods[index].start_again()

    def run(self):
        self.pods = [self.start_pod("Worker", name, name) for name in self.worker_names]
        keepers = [threading.Thread(target=self.keep_worker, args=[index]) for index in range(len(self.pods))]
        for keeper in keepers:
            keeper.start()
        most = self.spec["runPolicy"]["backoffLimit"]
        while not self.condition and not self.stopping:
            launcher = self.start_launcher()
            self.pods = [*self.pods[:len(self.worker_names)], launcher]
            launcher.wait()
            if launcher.exit_code == 0:
                self.end("Succeeded", "MPIJobSucceeded", "")
            elif self.restarts == most:
                self.end("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
            else:
                self.restarts += 1
                time.sleep(0.1)
        end_pods(self.pods)
        for keeper in keepers:
            keeper.join()
