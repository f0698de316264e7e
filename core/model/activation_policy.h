#pragma once

#include <cstdint>

#include "core/recipe/choices.h"

namespace temper::model {

/// What a decoder layer keeps between forward and backward beyond its residual inputs, Q, K, V and
/// attention output. What is not kept is computed again by the same operations on the same
/// operands, so the bits of the result don't depend on it.
struct KeptActivations {
  /// Gate and up of the MLP: more than half of what a layer keeps, a quarter of its computing.
  bool gate_up = true;
  /// Both norms' outputs and SwiGLU's product, which cost next to nothing to compute again.
  bool cheap = false;
};

/// Low memory recomputes gate and up in every second layer: a quarter of the activations for about
/// a tenth of the speed (docs/benchmarks.md).
inline KeptActivations kept_activations(recipe::Memory memory, std::int64_t layer) {
  switch (memory) {
    case recipe::Memory::kFast:
      return {true, true};
    case recipe::Memory::kBalanced:
      return {true, false};
    case recipe::Memory::kLow:
      return {layer % 2 == 0, false};
  }
  return {};
}

}  // namespace temper::model
