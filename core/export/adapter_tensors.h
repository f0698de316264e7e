#pragma once

#include <vector>

#include "core/export/adapter_export.h"
#include "core/export/read_back.h"

namespace temper::exporting {

inline constexpr const char* kAdapterConfigFile = "adapter_config.json";
inline constexpr const char* kAdapterWeightsFile = "adapter_model.safetensors";

/// The adapter's matrices under their PEFT keys with their shapes, A then B of each module, then
/// what was trained whole. CHECKs
/// that the spans have the targets' sizes.
std::vector<TrainedTensor> keyed_tensors(const AdapterExport& adapter);

}  // namespace temper::exporting
