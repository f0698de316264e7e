#include <fmt/format.h>

#include "core/base/error.h"
#include "core/run/world.h"
#include "trainer/comm/communicator.h"
#include "trainer/comm/mpi_communicator.h"
#include "trainer/comm/single_communicator.h"
#include "trainer/comm/tcp_communicator.h"

namespace temper::comm {
namespace {

void check_size(int size, int planned_size, const run::World& world) {
  if (size == planned_size && world.rank < planned_size) {
    return;
  }
  std::string found = "this process was started alone, without a launcher";
  if (world.rank >= planned_size) {
    found = fmt::format("{} started this one as rank {}", world.source, world.rank);
  } else if (world.transport != run::Transport::kNone) {
    found = fmt::format("{} started {}", world.source, size);
  }
  throw UserError(fmt::format(
      "the plan is for {} ranks, but {}; start {} ranks (mpirun -n {}), or plan again with "
      "the number that you start",
      planned_size, found, planned_size, planned_size));
}

}  // namespace

std::unique_ptr<Communicator> open_communicator(const Environment& environment, int planned_size,
                                                const std::string& run, Clock& clock) {
  const run::World world = run::read_world(environment);
  if (world.size || world.transport == run::Transport::kTcp) {
    // Before they meet: that would wait for ranks that never come.
    check_size(world.size.value_or(planned_size), planned_size, world);
  }
  if (world.transport == run::Transport::kMpi) {
    auto communicator = open_mpi_communicator();
    check_size(communicator->size(), planned_size, world);
    return communicator;
  }
  if (planned_size == 1) {
    return std::make_unique<SingleCommunicator>();
  }
  const std::string launch = environment.get("TEMPER_LAUNCH").value_or("");
  return open_tcp_communicator({world.meeting.address, world.meeting.port,
                                fmt::format("{}:{}", run, launch), world.rank, planned_size},
                               clock);
}

}  // namespace temper::comm
