#pragma once

#include <cstddef>
#include <span>

#include "core/weights/tensor_file.h"

namespace temper::weights {

/// fp32 to F32, F16 or BF16, rounded to nearest, ties to even; the same bits on every machine.
/// False if a value does not fit: an infinity or NaN came in or, from a finite number above 65504,
/// out. CHECKs the type and that `out` has the right size.
[[nodiscard]] bool from_float32(std::span<const float> values, DataType type,
                                std::span<std::byte> out);

}  // namespace temper::weights
