#pragma once

#include <nlohmann/json.hpp>

#include "core/recipe/choices.h"

namespace temper::launch {

/// What a family of Google Cloud machines needs in a pod so that its GPUs and their network are
/// used; all parts are empty for MachineFamily::kAny. Networks are named as in Google's own
/// examples; other names are a matter of the cluster (docs/orchestrators.md).
struct MachineParts {
  nlohmann::ordered_json node_selector = nlohmann::ordered_json::object();
  nlohmann::ordered_json annotations = nlohmann::ordered_json::object();
  nlohmann::ordered_json environment = nlohmann::ordered_json::array();
  nlohmann::ordered_json volumes = nlohmann::ordered_json::array();
  nlohmann::ordered_json mounts = nlohmann::ordered_json::array();           ///< of the worker
  nlohmann::ordered_json init_containers = nlohmann::ordered_json::array();  ///< native sidecars
};

/// Sources: GoogleCloudPlatform/container-engine-accelerators (gpudirect-tcpxo/README.md), the
/// jobset charts of AI-Hypercomputer/gpu-recipes (a3mega, a3ultra).
MachineParts machine_parts(recipe::MachineFamily machine);

}  // namespace temper::launch
