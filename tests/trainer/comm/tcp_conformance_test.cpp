#include "tests/support/child_process.h"
#include "tests/trainer/comm/communicator_conformance.h"
#include "tests/trainer/comm/tcp_ranks.h"
#include "trainer/comm/tcp_communicator.h"

namespace temper::comm {
namespace {

ConformanceBackend threads(int num_ranks) {
  return {"Threads" + std::to_string(num_ranks), num_ranks,
          [num_ranks](const auto& body) { run_tcp_threads(num_ranks, body); }};
}

ConformanceBackend processes(int num_ranks) {
  return {"Processes" + std::to_string(num_ranks), num_ranks, [num_ranks](const auto& body) {
            const int port = free_port();
            const int succeeded = testing::run_in_children(num_ranks, [&](int rank) -> std::string {
              SystemClock clock;
              body(*open_tcp_communicator(local_meeting(rank, num_ranks, port), clock));
              return ::testing::Test::HasFailure() ? "an expectation failed" : "";
            });
            EXPECT_EQ(succeeded, num_ranks);
          }};
}

INSTANTIATE_TEST_SUITE_P(Tcp, CommunicatorConformanceTest,
                         ::testing::Values(threads(1), threads(2), threads(3), threads(4),
                                           threads(7), processes(2), processes(3)),
                         [](const auto& backend) { return backend.param.name; });

}  // namespace
}  // namespace temper::comm
