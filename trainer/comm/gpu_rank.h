#pragma once

#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "trainer/comm/communicator.h"
#include "trainer/comm/open_nccl.h"

namespace temper::comm {

/// Collective over the ranks as their launcher joined them: where each is among those of its
/// machine (ranks with the same `host`, by rank), and at which address and port of rank 0 all find
/// its TCPStore. Works alike under mpirun, srun, torchrun, in pods and replicas, as it asks nothing
/// of the launcher. RetryableError if a rank can't reach rank 0 over TCP.
NcclPlace agree_on_place(Communicator& launched, const std::string& host, const Logger& logger,
                         Clock& clock);

/// A rank that has a GPU of its own.
struct GpuRank {
  std::unique_ptr<Communicator> communicator;
  int gpu = 0;  ///< in CUDA's order
};

/// Collective over `launched` (open_communicator), which is closed before NCCL connects the same
/// ranks: nccl, or for a single rank what it was. Errors are those of agree_on_place() and
/// open_nccl_communicator().
GpuRank open_gpu_rank(std::unique_ptr<Communicator> launched, const NcclSettings& settings,
                      const NcclWorld& world, const Logger& logger, Clock& clock);

}  // namespace temper::comm
