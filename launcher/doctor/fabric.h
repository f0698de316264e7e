#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "launcher/doctor/finding.h"
#include "launcher/doctor/nccl_log.h"

namespace temper::launch {

/// What this machine has for GPUs to talk to other machines' without sockets.
struct Fabric {
  std::vector<std::string> rdma_devices;  ///< /sys/class/infiniband: InfiniBand and RoCE
  std::vector<std::string> plugins;       ///< folders of GPUDirect-TCPX(O) and gIB on Google's
  bool has_peer_memory = false;           ///< the module nvidia_peermem is loaded
};

/// Looks below `root`, which is / but in tests.
Fabric look_for_fabric(const std::filesystem::path& root);

/// How NCCL's channels go, and a warning where it fell back to sockets, or to RDMA through the
/// CPU's memory, on a machine that can do better. Pure.
std::vector<Finding> judge_fabric(const NcclLog& log, const Fabric& fabric);

}  // namespace temper::launch
