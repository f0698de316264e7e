#include "core/run/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/base/error.h"

namespace temper::run {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

const World kAlone{0, 1, "none", Transport::kNone, {}};

World world_of(const Variables& variables) {
  return read_world(Environment(variables));
}

std::string error_of(const Variables& variables) {
  try {
    world_of(variables);
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(WorldTest, WithoutALauncherThereIsOneRank) {
  EXPECT_EQ(world_of({}), kAlone);
  EXPECT_EQ(world_of({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}), kAlone)
      << "a batch script is not a task";
  EXPECT_EQ(world_of({{"JOB_COMPLETION_INDEX", "0"}}), kAlone) << "an Indexed Job of one pod";
}

TEST(WorldTest, KnowsMpisLaunchers) {
  EXPECT_EQ(
      world_of({{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_RANK", "3"}, {"PMIX_RANK", "3"}}),
      (World{3, 4, "Open MPI", Transport::kMpi, {}}));
  EXPECT_EQ(world_of({{"PMIX_RANK", "2"}, {"SLURM_PROCID", "2"}, {"SLURM_STEP_NUM_TASKS", "8"}}),
            (World{2, 8, "Slurm PMIx", Transport::kMpi, {}}));
  EXPECT_EQ(world_of({{"PMIX_RANK", "1"}}), (World{1, std::nullopt, "PMIx", Transport::kMpi, {}}));
  EXPECT_EQ(world_of({{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}}),
            (World{1, 2, "PMI", Transport::kMpi, {}}));
}

TEST(WorldTest, KnowsTorchrunsVariables) {
  EXPECT_EQ(world_of({{"RANK", "2"},
                      {"WORLD_SIZE", "4"},
                      {"MASTER_ADDR", "node-0"},
                      {"MASTER_PORT", "29500"}}),
            (World{2, 4, "torchrun", Transport::kTcp, {"node-0", 29500}}));
  EXPECT_EQ(world_of({{"RANK", "0"}, {"WORLD_SIZE", "1"}}),
            (World{0, 1, "torchrun", Transport::kTcp, {}}));
}

TEST(WorldTest, KnowsKubeflowsVariables) {
  EXPECT_EQ(world_of({{"PET_NODE_RANK", "1"},
                      {"PET_NNODES", "2"},
                      {"PET_NPROC_PER_NODE", "1"},
                      {"PET_MASTER_ADDR", "run-node-0-0.run"},
                      {"PET_MASTER_PORT", "29500"}}),
            (World{1, 2, "PET", Transport::kTcp, {"run-node-0-0.run", 29500}}));
}

TEST(WorldTest, KnowsIndexedJobs) {
  EXPECT_EQ(world_of({{"JOB_COMPLETION_INDEX", "2"},
                      {"MASTER_ADDR", "run-w-0-0.run"},
                      {"MASTER_PORT", "29400"}}),
            (World{2, std::nullopt, "Kubernetes", Transport::kTcp, {"run-w-0-0.run", 29400}}));
}

Variables vertex(const std::string& cluster, const std::string& pool, int index) {
  return {{"CLUSTER_SPEC", R"({"cluster":)" + cluster +
                               R"(,"environment":"cloud","task":{"type":")" + pool +
                               R"(","index":)" + std::to_string(index) + R"(,"trial":""}})"}};
}

TEST(WorldTest, NumbersVertexMachinesThroughTheirPools) {
  const std::string cluster =
      R"({"workerpool1":["w1-0:2222","w1-1:2222"],"workerpool0":["w0-0:2222"],"workerpool2":[]})";
  const MeetingPlace meeting{"w0-0", 3333};
  EXPECT_EQ(world_of(vertex(cluster, "workerpool0", 0)),
            (World{0, 3, "CLUSTER_SPEC", Transport::kTcp, meeting}));
  EXPECT_EQ(world_of(vertex(cluster, "workerpool1", 1)),
            (World{2, 3, "CLUSTER_SPEC", Transport::kTcp, meeting}));
  EXPECT_EQ(world_of(vertex(R"({"workerpool0":["w0-0:2222"]})", "workerpool0", 0)), kAlone);
}

TEST(WorldTest, VertexMachinesMeetAtThePortThatTheFirstOnesServiceOpens) {
  const std::string host = "cmle-training-workerpool0-6d3f-0";
  Variables variables = vertex(
      R"({"workerpool0":[")" + host + R"(:2222"],"workerpool1":["b:2222"]})", "workerpool1", 0);
  variables["CMLE_TRAINING_WORKERPOOL0_6D3F_0_SERVICE_PORT_TRAINING_PORT"] = "4444";
  EXPECT_EQ(world_of(variables),
            (World{1, 2, "CLUSTER_SPEC", Transport::kTcp, MeetingPlace{host, 4444}}));
}

TEST(WorldTest, RefusesAClusterSpecThatDoesNotHoldTogether) {
  EXPECT_THAT(error_of(vertex(R"({"workerpool0":["a:1"]})", "workerpool0", 1)),
              HasSubstr("machine 1 of workerpool0"));
  EXPECT_THAT(error_of(vertex(R"({"workerpool0":["a:1"]})", "workerpool7", 0)),
              HasSubstr("workerpool7"));
  EXPECT_THAT(error_of(vertex(R"({"workerpool0":{"0":"a:1"}})", "workerpool0", 0)),
              HasSubstr("no list of machines"));
  EXPECT_THAT(error_of(vertex(R"({"workerpool0":[7]})", "workerpool0", 0)),
              HasSubstr("no address"));
  EXPECT_THAT(error_of({{"CLUSTER_SPEC", "[1]"}}), HasSubstr("CLUSTER_SPEC"));
  const std::string whole =
      vertex(R"({"workerpool0":["a:1","b:1"]})", "workerpool0", 0).at("CLUSTER_SPEC");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_THROW(world_of({{"CLUSTER_SPEC", whole.substr(0, size)}}), UserError) << size;
  }
}

TEST(WorldTest, MpisOwnVariablesWin) {
  const Variables both = {
      {"OMPI_COMM_WORLD_SIZE", "2"}, {"OMPI_COMM_WORLD_RANK", "1"}, {"RANK", "0"},
      {"WORLD_SIZE", "8"},           {"JOB_COMPLETION_INDEX", "5"}, {"CLUSTER_SPEC", "nonsense"}};
  EXPECT_EQ(world_of(both), (World{1, 2, "Open MPI", Transport::kMpi, {}}));
}

TEST(WorldTest, SlurmTasksThatCannotMeetAreAnError) {
  EXPECT_THAT(error_of({{"SLURM_PROCID", "1"}, {"SLURM_STEP_NUM_TASKS", "4"}}),
              AllOf(HasSubstr("4 tasks"), HasSubstr("srun --mpi=pmix")));
}

TEST(WorldTest, RefusesWhatIsNoNumber) {
  for (const std::string value : {"", "x", "3x", "-1", "99999999999"}) {
    for (const std::string name :
         {"OMPI_COMM_WORLD_SIZE", "RANK", "PET_NODE_RANK", "JOB_COMPLETION_INDEX"}) {
      EXPECT_THAT(error_of({{name, value}}), HasSubstr(name)) << value;
    }
  }
}

TEST(WorldTest, ExplainsContradictions) {
  EXPECT_THAT(
      error_of({{"RANK", "4"}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "1"}}),
      HasSubstr("RANK is 4, but WORLD_SIZE is 4"));
  EXPECT_THAT(error_of({{"RANK", "0"}}), HasSubstr("WORLD_SIZE is not set"));
  EXPECT_THAT(error_of({{"RANK", "0"}, {"WORLD_SIZE", "2"}}),
              HasSubstr("MASTER_ADDR and MASTER_PORT are not set"));
  EXPECT_THAT(error_of({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}}),
              HasSubstr("no place to meet"));
  EXPECT_THAT(
      error_of(
          {{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "70000"}}),
      HasSubstr("MASTER_PORT is 70000"));
  EXPECT_THAT(error_of({{"JOB_COMPLETION_INDEX", "1"}}), HasSubstr("not where machine 0 is"));
  EXPECT_THAT(error_of({{"PET_NODE_RANK", "0"}, {"PET_NNODES", "2"}}),
              HasSubstr("not where machine 0 is"));
  EXPECT_THAT(error_of({{"PET_NODE_RANK", "2"},
                        {"PET_NNODES", "2"},
                        {"PET_MASTER_ADDR", "a"},
                        {"PET_MASTER_PORT", "1"}}),
              HasSubstr("PET_NODE_RANK is 2"));
}

}  // namespace
}  // namespace temper::run
