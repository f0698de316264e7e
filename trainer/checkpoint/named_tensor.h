#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/weights/tensor_file.h"

namespace temper::checkpoint {

/// One tensor of the training state, row-major, in memory that the caller owns. Names and types are
/// those of docs/checkpoint-format.md.
struct NamedTensor {
  std::string name;
  weights::DataType type = weights::DataType::kF32;
  std::vector<std::int64_t> shape;
  std::span<std::byte> bytes;  ///< the shape's product times the type's size
};

}  // namespace temper::checkpoint
