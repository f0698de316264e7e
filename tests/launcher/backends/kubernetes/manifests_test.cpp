#include "launcher/backends/kubernetes/manifests.h"

#include <gmock/gmock.h>

#include "tests/support/golden.h"

namespace temper::launch {
namespace {

using testing::expect_golden;

JobSpec cpu_job(recipe::JobApi api) {
  JobSpec spec;
  spec.run_id = "tiny-0a1b2c3d";
  spec.place = "gs://bucket/runs/tiny-0a1b2c3d";
  recipe::Cluster& cluster = spec.cluster;
  cluster.kind = recipe::ClusterKind::kKubernetes;
  cluster.nodes = 3;
  cluster.ranks = 3;
  cluster.resources.cpus = 4;
  cluster.resources.memory_gib = 15.5;
  cluster.environment = {{"OMP_NUM_THREADS", "1"}};
  cluster.secrets = {{"HF_TOKEN", "hub/token"}};
  cluster.kubernetes.api = api;
  cluster.kubernetes.image = "registry/temper@sha256:0123";
  cluster.kubernetes.service_account = "temper";
  return spec;
}

JobSpec gpu_job(recipe::MachineFamily machine) {
  JobSpec spec = cpu_job(recipe::JobApi::kJobSet);
  recipe::Cluster& cluster = spec.cluster;
  cluster.nodes = 2;
  cluster.ranks = 16;
  cluster.resources = {200, 1800, 8, ""};
  cluster.grace_seconds = 600;
  cluster.time_limit_minutes = 600;
  cluster.kubernetes.machine = machine;
  cluster.kubernetes.queue = "research";
  cluster.kubernetes.priority_class = "medium";
  cluster.kubernetes.image_pull_secret = "registry";
  cluster.kubernetes.shared_memory_gib = 250;
  return spec;
}

TEST(ManifestsTest, JobSetOfCpuPods) {
  expect_golden("kubernetes/jobset-cpu.yaml", job_manifest(cpu_job(recipe::JobApi::kJobSet)));
}

TEST(ManifestsTest, PlainJob) {
  JobSpec spec = cpu_job(recipe::JobApi::kJob);
  spec.cluster.nodes = 1;
  expect_golden("kubernetes/job-cpu.yaml", job_manifest(spec));
}

TEST(ManifestsTest, PlainJobOfSeveralPodsHasAServiceForTheirNames) {
  expect_golden("kubernetes/job-pods-cpu.yaml", job_manifest(cpu_job(recipe::JobApi::kJob)));
}

TEST(ManifestsTest, TrainJobAndMpiJob) {
  expect_golden("kubernetes/trainjob-cpu.yaml", job_manifest(cpu_job(recipe::JobApi::kTrainJob)));
  expect_golden("kubernetes/mpijob-cpu.yaml", job_manifest(cpu_job(recipe::JobApi::kMpiJob)));
}

TEST(ManifestsTest, MpiJobOfOnePodHasNoWorkers) {
  JobSpec spec = cpu_job(recipe::JobApi::kMpiJob);
  spec.cluster.nodes = 1;
  expect_golden("kubernetes/mpijob-one-cpu.yaml", job_manifest(spec));
}

TEST(ManifestsTest, GpuMachinesBringTheirParts) {
  expect_golden("kubernetes/jobset-a3-mega.yaml",
                job_manifest(gpu_job(recipe::MachineFamily::kA3Mega)));
  expect_golden("kubernetes/jobset-a3-ultra.yaml",
                job_manifest(gpu_job(recipe::MachineFamily::kA3Ultra)));
  JobSpec spot = gpu_job(recipe::MachineFamily::kG2);
  spot.cluster.nodes = 1;
  spot.cluster.ranks = 1;
  spot.cluster.resources = {8, 28, 1, ""};
  spot.cluster.kubernetes.spot = true;
  spot.cluster.kubernetes.node_selector = {{"cloud.google.com/gke-nodepool", "l4"}};
  expect_golden("kubernetes/jobset-l4-spot.yaml", job_manifest(spot));
}

}  // namespace
}  // namespace temper::launch
