#include "launcher/backends/gpu_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

recipe::Cluster cluster_with(std::int64_t gpus) {
  recipe::Cluster cluster;
  cluster.resources.gpus = gpus;
  cluster.environment = {{"OMP_NUM_THREADS", "1"}};
  return cluster;
}

TEST(GpuEnvironmentTest, RanksWithoutGpusGetTheClusterFilesAlone) {
  EXPECT_EQ(rank_environment(cluster_with(0), "/run/logs"), cluster_with(0).environment);
}

TEST(GpuEnvironmentTest, RanksWithGpusAreDeterministicAndLeaveATrace) {
  EXPECT_THAT(rank_environment(cluster_with(8), "/run/logs"),
              AllOf(Contains(Pair("OMP_NUM_THREADS", "1")),
                    Contains(Pair("CUBLAS_WORKSPACE_CONFIG", ":4096:8")),
                    Contains(Pair("TORCH_FR_DUMP_TEMP_FILE", "/run/logs/nccl-flight-rank-")),
                    Contains(Pair("TORCH_NCCL_NAN_CHECK", "0"))));
}

TEST(GpuEnvironmentTest, TheClusterFileHasTheLastWord) {
  recipe::Cluster cluster = cluster_with(1);
  cluster.environment = {{"CUBLAS_WORKSPACE_CONFIG", ":16:8"}, {"TORCH_FR_BUFFER_SIZE", "9"}};
  EXPECT_THAT(rank_environment(cluster, "/run/logs"),
              AllOf(Contains(Pair("CUBLAS_WORKSPACE_CONFIG", ":16:8")),
                    Contains(Pair("TORCH_FR_BUFFER_SIZE", "9"))));
}

TEST(GpuEnvironmentTest, AWorkspaceThatIsNotDeterministicIsRefused) {
  recipe::Cluster cluster = cluster_with(1);
  cluster.environment = {{"CUBLAS_WORKSPACE_CONFIG", ":0:0"}};
  try {
    rank_environment(cluster, "/run/logs");
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("':0:0'"), HasSubstr(":4096:8")));
  }
  cluster.resources.gpus = 0;
  EXPECT_NO_THROW(rank_environment(cluster, "/run/logs"));
}

}  // namespace
}  // namespace temper::launch
