#pragma once

#include <cstdint>

#include "core/recipe/recipe.h"

namespace temper::train {

/// Learning rate of optimizer step `step` in [0, total_steps). During warm-up it rises linearly and
/// reaches the peak with the last warm-up step (no step runs at 0); then by kind:
///   constant: the peak; linear, cosine: down to peak · min_lr_ratio at total_steps;
///   wsd: the peak, then linearly down over the last `decay` share of all steps.
double learning_rate(const recipe::Schedule& schedule, double peak, std::int64_t step,
                     std::int64_t total_steps);

/// Number of warm-up steps: a share of all (< 1, rounded up) or a count (>= 1).
std::int64_t warmup_steps(const recipe::Schedule& schedule, std::int64_t total_steps);

}  // namespace temper::train
