#include <fmt/format.h>

#include "core/base/error.h"
#include "trainer/comm/communicator.h"
#include "trainer/comm/mpi_communicator.h"
#include "trainer/comm/single_communicator.h"
#include "trainer/comm/world.h"

namespace temper::comm {
namespace {

void check_size(int size, int planned_size, const World& world) {
  if (size == planned_size) {
    return;
  }
  const std::string found = world.uses_mpi ? fmt::format("{} started {}", world.source, size)
                                           : "this process was started alone, without a launcher";
  throw UserError(fmt::format(
      "the plan is for {} ranks, but {}; start {} ranks (mpirun -n {}), or plan again with "
      "the number that you start",
      planned_size, found, planned_size, planned_size));
}

}  // namespace

std::unique_ptr<Communicator> open_communicator(const Environment& environment, int planned_size) {
  const World world = read_world(environment);
  if (world.size) {
    check_size(*world.size, planned_size, world);  // before MPI, which would wait for the others
  }
  if (!world.uses_mpi) {
    return std::make_unique<SingleCommunicator>();
  }
  auto communicator = open_mpi_communicator();
  check_size(communicator->size(), planned_size, world);
  return communicator;
}

std::unique_ptr<Communicator> open_communicator(int planned_size) {
  return open_communicator(Environment::from_process(), planned_size);
}

}  // namespace temper::comm
