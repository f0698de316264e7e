// Started by mpirun: every rank runs the same tests, and a failure on any makes mpirun fail.
//   trainer_comm_mpi_test conformance BYTES   the suite, with messages of at most BYTES
//   trainer_comm_mpi_test lose-a-rank         what happens when one fails; exits with 78

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "tests/trainer/comm/communicator_conformance.h"
#include "trainer/comm/mpi_communicator.h"

namespace temper::comm {
namespace {

/// The one of the process: MPI can be opened only once, and the suite needs it for every test.
std::unique_ptr<Communicator>& opened() {
  static std::unique_ptr<Communicator> communicator;
  return communicator;
}

ConformanceBackend backend() {
  return {"Mpi", opened()->size(), [](const auto& body) { body(*opened()); }};
}

// GoogleTest asks for the value in InitGoogleTest, when MPI is open.
INSTANTIATE_TEST_SUITE_P(Mpi, CommunicatorConformanceTest, ::testing::Values(backend()));

int run_conformance(int argc, char** argv, std::size_t max_message_bytes) {
  opened() = open_mpi_communicator(max_message_bytes);
  ::testing::InitGoogleTest(&argc, argv);
  const int status = RUN_ALL_TESTS();
  opened().reset();
  return status;
}

/// Rank 1 fails while the others wait for it: it must leave at once, with its own exit code,
/// instead of waiting for them in MPI_Finalize.
int lose_a_rank() {
  try {
    const auto communicator = open_mpi_communicator();
    communicator->barrier();
    if (communicator->rank() == 1) {
      throw FatalError("rank 1 gave up");
    }
    communicator->barrier();
    return 0;
  } catch (const Error& error) {
    std::cerr << error.what() << std::endl;
    std::_Exit(static_cast<int>(error.exit_code()));
  }
}

}  // namespace
}  // namespace temper::comm

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "conformance" && argc == 3) {
    return temper::comm::run_conformance(argc, argv, std::stoull(argv[2]));
  }
  if (what == "lose-a-rank") {
    return temper::comm::lose_a_rank();
  }
  std::cerr << "usage: conformance BYTES | lose-a-rank\n";
  return 2;
}
