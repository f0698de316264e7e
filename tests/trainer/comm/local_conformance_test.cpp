#include "tests/support/spawn_ranks.h"
#include "tests/trainer/comm/communicator_conformance.h"
#include "trainer/comm/single_communicator.h"

namespace temper::comm {
namespace {

ConformanceBackend single() {
  return {"Single", 1, [](const auto& body) {
            SingleCommunicator communicator;
            body(communicator);
          }};
}

ConformanceBackend threads(int num_ranks) {
  return {"Threads" + std::to_string(num_ranks), num_ranks,
          [num_ranks](const auto& body) { testing::spawn_ranks(num_ranks, body); }};
}

INSTANTIATE_TEST_SUITE_P(Local, CommunicatorConformanceTest,
                         ::testing::Values(single(), threads(1), threads(2), threads(3),
                                           threads(4)),
                         [](const auto& backend) { return backend.param.name; });

}  // namespace
}  // namespace temper::comm
