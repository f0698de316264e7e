#pragma once

#include <cstdint>
#include <string_view>

#include "core/recipe/choices.h"

namespace temper::model {

/// Numbers that share one scale when a moment is kept in 8 bits.
inline constexpr std::int64_t kMomentBlock = 256;

/// Whether a trained tensor's moments are quantised under `moments: 8bit`. Small tensors gain
/// nothing, and the embedding's gradients are too uneven within a block; both rules are those of
/// bitsandbytes in the Hugging Face Trainer (min_8bit_size, override of nn.Embedding).
bool has_8bit_moments(recipe::MomentFormat format, std::string_view name, std::int64_t size);

/// Bytes of both moments of one trained tensor: codes and scales, or floats.
std::int64_t moment_bytes(recipe::MomentFormat format, std::string_view name, std::int64_t size);

}  // namespace temper::model
