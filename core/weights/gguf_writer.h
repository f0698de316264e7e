#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/weights/tensor_file.h"

namespace temper::weights {

/// A metadata value of the kinds that we write.
using GgufScalar = std::variant<std::uint32_t, float, std::string>;
using GgufMetadata = std::vector<std::pair<std::string, GgufScalar>>;

/// A GGUF v3 file (ggml/docs/gguf.md) as bytes: metadata and tensors in the given order, data
/// aligned to 32 bytes. Deterministic. CHECKs that types are F32, F16 or BF16 and sizes fit.
std::vector<std::byte> serialize_gguf(const GgufMetadata& metadata,
                                      const std::vector<TensorView>& tensors);

}  // namespace temper::weights
