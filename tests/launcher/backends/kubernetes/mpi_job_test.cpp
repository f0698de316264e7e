#include "launcher/backends/kubernetes/mpi_job.h"

#include <gmock/gmock.h>

namespace temper::launch {
namespace {

TEST(MpiJobTest, MpirunStartsEachRankThroughSshWithTheRunsVariables) {
  recipe::Cluster cluster;
  cluster.nodes = 3;
  cluster.ranks = 6;
  cluster.secrets = {{"HF_TOKEN", "hub/token"}};
  LaunchSpec launch;
  launch.environment = {{"OMP_NUM_THREADS", "1"}};
  const auto line = [&] {
    return shell_line(mpi_job_rank_starter(cluster, launch, "/opt/temper/bin/temper",
                                           "gs://bucket/runs/tiny-0a1b2c3d"));
  };
  EXPECT_EQ(line(),
            "mpirun --mca plm rsh --mca plm_rsh_args '-p 2222 -o StrictHostKeyChecking=no "
            "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectionAttempts=10' "
            "--bind-to none --map-by ppr:2:node -n 6 -x TEMPER_CACHE -x OMP_NUM_THREADS "
            "-x HF_TOKEN /opt/temper/bin/temper join gs://bucket/runs/tiny-0a1b2c3d --");
  launch.as_root = true;
  EXPECT_THAT(line(), ::testing::StartsWith("mpirun --allow-run-as-root --mca"));
}

}  // namespace
}  // namespace temper::launch
