#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace temper::checkpoint {

/// One fp32 tensor of the training state, row-major, in memory that the caller owns. Names are
/// "param/<parameter>", "exp_avg/<parameter>", "exp_avg_sq/<parameter>"
/// (docs/checkpoint-format.md).
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<float> values;  ///< as many as the shape's product
};

}  // namespace temper::checkpoint
