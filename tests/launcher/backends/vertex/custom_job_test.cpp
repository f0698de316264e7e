#include "launcher/backends/vertex/custom_job.h"

#include <gmock/gmock.h>

#include "core/run/json_fields.h"
#include "tests/support/golden.h"

namespace temper::launch {
namespace {

using testing::expect_golden;

JobSpec cpu_job() {
  JobSpec spec;
  spec.run_id = "Tiny.Chat-0a1b2c3d";
  spec.place = "gs://bucket/runs/Tiny.Chat-0a1b2c3d";
  recipe::Cluster& cluster = spec.cluster;
  cluster.kind = recipe::ClusterKind::kVertex;
  cluster.ranks = 1;
  cluster.resources.cpus = 8;
  cluster.environment = {{"OMP_NUM_THREADS", "1"}};
  cluster.secrets = {{"HF_TOKEN", "projects/p/secrets/hub/versions/latest"}};
  cluster.vertex.project = "p";
  cluster.vertex.region = "europe-west4";
  cluster.vertex.machine_type = "e2-standard-8";
  cluster.vertex.image = "europe-west4-docker.pkg.dev/p/r/temper@sha256:0123";
  return spec;
}

JobSpec spot_job() {
  JobSpec spec = cpu_job();
  spec.launch.allow_changed = "data";
  recipe::Cluster& cluster = spec.cluster;
  cluster.nodes = 3;
  cluster.ranks = 24;
  cluster.resources = {208, 1872, 8, ""};
  cluster.time_limit_minutes = 600;
  cluster.vertex.machine_type = "a3-highgpu-8g";
  cluster.vertex.accelerator_type = "NVIDIA_H100_80GB";
  cluster.vertex.strategy = recipe::VertexStrategy::kSpot;
  cluster.vertex.service_account = "temper@p.iam.gserviceaccount.com";
  cluster.vertex.network = "projects/1/global/networks/lab";
  cluster.vertex.labels = {{"team", "research"}};
  return spec;
}

TEST(CustomJobTest, OfOneCpuReplica) {
  expect_golden("vertex/cpu.json", run::dump_file(custom_job(cpu_job())));
}

TEST(CustomJobTest, OfSeveralSpotReplicas) {
  expect_golden("vertex/spot.json", run::dump_file(custom_job(spot_job())));
}

TEST(CustomJobTest, OfReplicasThatAreNotRestarted) {
  JobSpec spec = cpu_job();
  spec.cluster.nodes = 3;
  spec.cluster.ranks = 6;
  spec.cluster.max_restarts = 0;
  expect_golden("vertex/replicas.json", run::dump_file(custom_job(spec)));
}

TEST(CustomJobTest, OfMachinesThatAreWaitedFor) {
  JobSpec spec = cpu_job();
  spec.cluster.vertex.strategy = recipe::VertexStrategy::kFlexStart;
  spec.cluster.vertex.max_wait_minutes = 90;
  spec.cluster.vertex.restart_job_on_worker_restart = false;
  expect_golden("vertex/flex-start.json", run::dump_file(custom_job(spec)));
}

TEST(CustomJobTest, NamesNoSecret) {
  const std::string text = run::dump_file(custom_job(cpu_job()));
  EXPECT_EQ(text.find("HF_TOKEN"), std::string::npos);
  EXPECT_EQ(text.find("secrets/hub"), std::string::npos);
}

}  // namespace
}  // namespace temper::launch
