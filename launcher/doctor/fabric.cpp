#include "launcher/doctor/fabric.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <system_error>

namespace temper::launch {
namespace {

namespace fs = std::filesystem;
using State = Finding::State;

Finding network_finding(const NcclLog& log, const Fabric& fabric) {
  Finding finding{"NCCL network", State::kOk, log.network, ""};
  const bool through_sockets = log.network == "Socket" || log.ways.contains("NET/Socket");
  if (through_sockets && !fabric.rdma_devices.empty()) {
    finding.state = State::kWarning;
    finding.detail = fmt::format("sockets, though this machine has RDMA: {}",
                                 fmt::join(fabric.rdma_devices, ", "));
    finding.advice =
        "let NCCL at it: unset NCCL_IB_DISABLE and NCCL_NET, install libibverbs1 and "
        "ibverbs-providers, give a container /dev/infiniband and unlimited locked memory "
        "(ulimit -l); NCCL_DEBUG=INFO says why it did not";
  } else if (through_sockets && !fabric.plugins.empty()) {
    finding.state = State::kWarning;
    finding.detail = fmt::format("sockets, though this machine has GPUDirect: {}",
                                 fmt::join(fabric.plugins, ", "));
    finding.advice =
        "let NCCL find its plugin: source the folder's nccl-env-profile.sh, or name its lib64 in "
        "LD_LIBRARY_PATH under `environment` in the cluster file";
  } else if (log.ways.contains("NET/IB") && !log.has_gpu_direct) {
    finding.state = State::kWarning;
    finding.detail += ", through the CPU's memory";
    finding.advice = fabric.has_peer_memory
                         ? "see NCCL_NET_GDR_LEVEL: the network card is far from the GPU, or "
                           "GPUDirect is turned off"
                         : "load the module nvidia_peermem (modprobe nvidia_peermem), so that the "
                           "network card reads the GPU's memory itself";
  }
  return finding;
}

}  // namespace

Fabric look_for_fabric(const fs::path& root) {
  Fabric fabric;
  std::error_code absent;
  for (const fs::directory_entry& device :
       fs::directory_iterator(root / "sys/class/infiniband", absent)) {
    fabric.rdma_devices.push_back(device.path().filename().string());
  }
  std::sort(fabric.rdma_devices.begin(), fabric.rdma_devices.end());
  // Where Google's installers put them, in pods and on machines (launcher/backends/kubernetes/
  // machine_parts.cpp).
  for (const char* folder : {"usr/local/gib", "var/lib/tcpx", "var/lib/tcpxo", "var/lib/fastrak"}) {
    if (fs::is_directory(root / folder, absent)) {
      fabric.plugins.push_back(std::string("/") + folder);
    }
  }
  fabric.has_peer_memory = fs::exists(root / "sys/module/nvidia_peermem", absent);
  return fabric;
}

std::vector<Finding> judge_fabric(const NcclLog& log, const Fabric& fabric) {
  std::vector<Finding> findings;
  if (!log.ways.empty()) {
    findings.push_back(
        {"NCCL channels", State::kOk, fmt::format("{}", fmt::join(log.ways, ", ")), ""});
  }
  if (!log.network.empty()) {
    findings.push_back(network_finding(log, fabric));
  }
  for (const std::string& warning : log.warnings) {
    findings.push_back({"NCCL warning", State::kWarning, warning, ""});
  }
  return findings;
}

}  // namespace temper::launch
