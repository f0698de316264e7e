#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/weights/safetensors.h"

namespace temper::exporting {

/// What a written file must hold.
struct TrainedTensor {
  std::string key;
  std::vector<std::int64_t> shape;
  std::span<const float> values;
};

/// The gate after writing: `file` (its path for messages) holds exactly `trained`: the same keys
/// and no other, F32, the same shapes, every bit equal. RetryableError if not (the disk lies);
/// FatalError if a value is not finite.
void check_tensors(const weights::SafetensorsFile& file, const std::filesystem::path& path,
                   const std::vector<TrainedTensor>& trained);

}  // namespace temper::exporting
