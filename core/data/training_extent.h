#pragma once

#include <cstdint>

#include "core/recipe/recipe.h"

namespace temper::data {

/// How far a training goes.
struct TrainingExtent {
  std::uint64_t total_steps = 0;
  /// One past the last position of the training stream; the last step may be short.
  std::uint64_t end_position = 0;
  bool operator==(const TrainingExtent&) const = default;
};

/// The extent of a recipe on `num_samples` (> 0) training samples: duration.steps full steps, or
/// duration.epochs × num_samples positions (rounded up, so that a part of a sample is a sample) in
/// as many steps as they need. UserError if the product does not fit 2^53, beyond which epochs
/// would no longer count exactly.
TrainingExtent training_extent(const recipe::Recipe& recipe, std::uint64_t num_samples);

}  // namespace temper::data
