#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/weights/tensor_file.h"

namespace temper::checkpoint {

/// In place of a rank: all of them.
inline constexpr int kEveryRank = -1;

/// One tensor of the training state, row-major, in memory that the caller owns. Names and types are
/// those of docs/checkpoint-format.md.
struct NamedTensor {
  std::string name;
  weights::DataType type = weights::DataType::kF32;
  std::vector<std::int64_t> shape;
  std::span<std::byte> bytes;  ///< size_bytes() of them; none on a rank that doesn't hold them
  int holder = kEveryRank;     ///< the rank that alone holds the bytes

  /// The shape's product times the type's size.
  std::size_t size_bytes() const;
};

}  // namespace temper::checkpoint
