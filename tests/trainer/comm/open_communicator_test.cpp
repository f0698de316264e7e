#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "core/base/error.h"
#include "tests/trainer/comm/tcp_ranks.h"
#include "trainer/comm/communicator.h"

namespace temper::comm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

std::string error_of(const Variables& variables, int planned) {
  SystemClock clock;
  try {
    open_communicator(Environment(variables), planned, "run", clock);
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(OpenCommunicatorTest, OpensTheSingleRankAlone) {
  SystemClock clock;
  EXPECT_EQ(open_communicator(Environment({}), 1, "run", clock)->name(), "single");
  EXPECT_EQ(
      open_communicator(Environment({{"RANK", "0"}, {"WORLD_SIZE", "1"}}), 1, "run", clock)->name(),
      "single");
}

TEST(OpenCommunicatorTest, RefusesAnotherWorldThanPlanned) {
  EXPECT_THAT(error_of({}, 2), AllOf(HasSubstr("for 2 ranks"), HasSubstr("started alone")));
  EXPECT_THAT(error_of({{"OMPI_COMM_WORLD_SIZE", "3"}, {"OMPI_COMM_WORLD_RANK", "0"}}, 4),
              AllOf(HasSubstr("for 4 ranks"), HasSubstr("Open MPI started 3")));
  EXPECT_THAT(
      error_of({{"JOB_COMPLETION_INDEX", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "1"}},
               2),
      AllOf(HasSubstr("for 2 ranks"), HasSubstr("rank 2")));
}

TEST(OpenCommunicatorTest, RanksWithTorchrunsVariablesMeetOverTcp) {
  const std::string port = std::to_string(free_port());
  std::vector<std::jthread> ranks;
  for (const std::string rank : {"0", "1"}) {
    ranks.emplace_back([rank, port] {
      SystemClock clock;
      const Environment environment({{"RANK", rank},
                                     {"WORLD_SIZE", "2"},
                                     {"MASTER_ADDR", "127.0.0.1"},
                                     {"MASTER_PORT", port}});
      const auto communicator = open_communicator(environment, 2, "run", clock);
      EXPECT_EQ(communicator->name(), "tcp");
      communicator->barrier();
    });
  }
}

}  // namespace
}  // namespace temper::comm
