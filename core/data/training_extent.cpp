#include "core/data/training_extent.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/check.h"
#include "core/base/error.h"

namespace temper::data {
namespace {

/// Doubles count whole numbers exactly up to here.
constexpr double kMaxPositions = 9007199254740992.0;  // 2^53

std::uint64_t checked_positions(double positions) {
  if (positions > kMaxPositions) {
    throw UserError(fmt::format(
        "duration: {} samples are more than can be counted (2^53); train shorter", positions));
  }
  return static_cast<std::uint64_t>(positions);
}

}  // namespace

TrainingExtent training_extent(const recipe::Recipe& recipe, std::uint64_t num_samples) {
  CHECK(num_samples > 0);
  CHECK(recipe.duration.steps.has_value() != recipe.duration.epochs.has_value());
  const auto batch = static_cast<std::uint64_t>(recipe.batch.samples);
  if (recipe.duration.steps) {
    const auto steps = static_cast<std::uint64_t>(*recipe.duration.steps);
    return {steps, checked_positions(static_cast<double>(steps) * static_cast<double>(batch))};
  }
  // 0.1 epochs of 30 samples are 3 positions, though 0.1 * 30 is a little more than 3 in binary.
  const double exact = *recipe.duration.epochs * static_cast<double>(num_samples);
  const double nearest = std::round(exact);
  constexpr double kRelativeRounding = 1e-12;
  const bool is_whole = std::abs(exact - nearest) <= kRelativeRounding * exact && nearest > 0;
  const std::uint64_t positions = checked_positions(is_whole ? nearest : std::ceil(exact));
  return {(positions + batch - 1) / batch, positions};
}

}  // namespace temper::data
