#include "trainer/comm/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/base/error.h"
#include "trainer/comm/communicator.h"

namespace temper::comm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

World world_of(const Variables& variables) {
  return read_world(Environment(variables));
}

TEST(WorldTest, WithoutALauncherThereIsOneRank) {
  EXPECT_EQ(world_of({}), (World{0, 1, "none", false}));
  EXPECT_EQ(world_of({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}), (World{0, 1, "none", false}))
      << "a batch script is not a task";
}

TEST(WorldTest, KnowsItsLaunchers) {
  EXPECT_EQ(
      world_of({{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_RANK", "3"}, {"PMIX_RANK", "3"}}),
      (World{3, 4, "Open MPI", true}));
  EXPECT_EQ(world_of({{"PMIX_RANK", "2"}, {"SLURM_PROCID", "2"}, {"SLURM_STEP_NUM_TASKS", "8"}}),
            (World{2, 8, "Slurm PMIx", true}));
  EXPECT_EQ(world_of({{"PMIX_RANK", "1"}}), (World{1, std::nullopt, "PMIx", true}));
  EXPECT_EQ(world_of({{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}}), (World{1, 2, "PMI", true}));
}

TEST(WorldTest, SlurmTasksThatCannotMeetAreAnError) {
  const Variables variables = {{"SLURM_PROCID", "1"}, {"SLURM_STEP_NUM_TASKS", "4"}};
  try {
    world_of(variables);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("4 tasks"), HasSubstr("srun --mpi=pmix")));
  }
}

TEST(WorldTest, RefusesWhatIsNoNumber) {
  for (const std::string value : {"", "x", "3x", "-1", "99999999999"}) {
    EXPECT_THROW(world_of({{"OMPI_COMM_WORLD_SIZE", value}}), UserError) << value;
  }
}

TEST(OpenCommunicatorTest, OpensTheSingleRankAlone) {
  EXPECT_EQ(open_communicator(Environment({}), 1)->name(), "single");
}

TEST(OpenCommunicatorTest, RefusesAnotherWorldThanPlanned) {
  const auto error_of = [](const Variables& variables, int planned) -> std::string {
    try {
      open_communicator(Environment(variables), planned);
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of({}, 2), AllOf(HasSubstr("for 2 ranks"), HasSubstr("started alone")));
  EXPECT_THAT(error_of({{"OMPI_COMM_WORLD_SIZE", "3"}, {"OMPI_COMM_WORLD_RANK", "0"}}, 4),
              AllOf(HasSubstr("for 4 ranks"), HasSubstr("Open MPI started 3")));
}

}  // namespace
}  // namespace temper::comm
