#include "launcher/backends/kubernetes/machine_parts.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace temper::launch {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kAccelerator = "cloud.google.com/gke-accelerator";

Json host_folder(const char* name, const char* path) {
  return {{"name", name}, {"hostPath", {{"path", path}}}};
}
Json mount(const char* name, const char* path) {
  return {{"name", name}, {"mountPath", path}};
}
Json variable(const char* name, const char* value) {
  return {{"name", name}, {"value", value}};
}

/// GKE's multi-networking: eth0 is the cluster's own network.
void add_networks(MachineParts& parts, const std::vector<std::string>& networks) {
  Json interfaces = Json::array({{{"interfaceName", "eth0"}, {"network", "default"}}});
  for (std::size_t i = 0; i < networks.size(); ++i) {
    interfaces.push_back(
        {{"interfaceName", fmt::format("eth{}", i + 1)}, {"network", networks[i]}});
  }
  parts.annotations["networking.gke.io/default-interface"] = "eth0";
  parts.annotations["networking.gke.io/interfaces"] = interfaces.dump();
}

std::vector<std::string> numbered(const std::string& prefix, int first, int count) {
  std::vector<std::string> names;
  for (int i = first; i < first + count; ++i) {
    names.push_back(prefix + fmt::to_string(i));
  }
  return names;
}

constexpr int kGpus = 8;

/// GPUDirect-TCPXO: a daemon beside the worker moves the data, for as long as the worker runs.
MachineParts a3_mega() {
  MachineParts parts;
  parts.node_selector[kAccelerator] = "nvidia-h100-mega-80gb";
  add_networks(parts, numbered("vpc", 1, kGpus));
  std::string devices;
  for (int gpu = 0; gpu < kGpus; ++gpu) {
    devices += fmt::format("- path: /dev/nvidia{}\n", gpu);
  }
  parts.annotations["devices.gke.io/container.tcpxo-daemon"] =
      devices +
      "- path: /dev/nvidiactl\n- path: /dev/nvidia-uvm\n- path: /dev/dmabuf_import_helper\n";
  parts.environment =
      Json::array({variable("LD_LIBRARY_PATH", "/usr/local/nvidia/lib64"),
                   variable("NCCL_FASTRAK_LLCM_DEVICE_DIRECTORY", "/dev/aperture_devices")});
  parts.volumes = Json::array({host_folder("nvidia", "/home/kubernetes/bin/nvidia"),
                               host_folder("sys", "/sys"), host_folder("proc-sys", "/proc/sys"),
                               host_folder("aperture-devices", "/dev/aperture_devices")});
  parts.mounts = Json::array(
      {mount("nvidia", "/usr/local/nvidia"), mount("aperture-devices", "/dev/aperture_devices")});
  parts.init_containers = Json::array(
      {{{"name", "tcpxo-daemon"},
        {"image", "us-docker.pkg.dev/gce-ai-infra/gpudirect-tcpxo/tcpgpudmarxd-dev:v1.0.14"},
        {"restartPolicy", "Always"},
        {"command",
         {"/fts/entrypoint_rxdm_container.sh", "--num_hops=2", "--num_nics=8",
          "--uid=", "--alsologtostderr"}},
        {"securityContext", {{"capabilities", {{"add", {"NET_ADMIN", "NET_BIND_SERVICE"}}}}}},
        {"env", Json::array({variable("LD_LIBRARY_PATH", "/usr/local/nvidia/lib64")})},
        {"volumeMounts",
         Json::array({mount("nvidia", "/usr/local/nvidia"), mount("sys", "/hostsysfs"),
                      mount("proc-sys", "/hostprocsysfs")})}}});
  return parts;
}

/// GPUDirect-RDMA: GKE's installer puts the gIB plugin on the node.
MachineParts a3_ultra() {
  MachineParts parts;
  parts.node_selector[kAccelerator] = "nvidia-h200-141gb";
  std::vector<std::string> networks = {"gvnic-1"};
  for (std::string& name : numbered("rdma-", 0, kGpus)) {
    networks.push_back(std::move(name));
  }
  add_networks(parts, networks);
  parts.environment = Json::array(
      {variable("LD_LIBRARY_PATH", "/usr/local/nvidia/lib64"), variable("NCCL_NET", "gIB")});
  parts.volumes = Json::array({host_folder("nvidia", "/home/kubernetes/bin/nvidia"),
                               host_folder("gib", "/home/kubernetes/bin/gib")});
  parts.mounts =
      Json::array({mount("nvidia", "/usr/local/nvidia"), mount("gib", "/usr/local/gib")});
  return parts;
}

}  // namespace

MachineParts machine_parts(recipe::MachineFamily machine) {
  switch (machine) {
    case recipe::MachineFamily::kAny:
      return {};
    case recipe::MachineFamily::kG2: {
      MachineParts parts;
      parts.node_selector[kAccelerator] = "nvidia-l4";
      return parts;
    }
    case recipe::MachineFamily::kA3Mega:
      return a3_mega();
    case recipe::MachineFamily::kA3Ultra:
      return a3_ultra();
  }
  return {};
}

}  // namespace temper::launch
