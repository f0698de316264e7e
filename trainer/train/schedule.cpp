#include "trainer/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace temper::train {

std::int64_t warmup_steps(const recipe::Schedule& schedule, std::int64_t total_steps) {
  if (schedule.warmup >= 1) {
    return static_cast<std::int64_t>(schedule.warmup);
  }
  return static_cast<std::int64_t>(std::ceil(schedule.warmup * static_cast<double>(total_steps)));
}

double learning_rate(const recipe::Schedule& schedule, double peak, std::int64_t step,
                     std::int64_t total_steps) {
  const std::int64_t warmup = warmup_steps(schedule, total_steps);
  if (step < warmup) {
    return peak * static_cast<double>(step + 1) / static_cast<double>(warmup);
  }
  const double low = schedule.min_lr_ratio;
  const auto remaining = static_cast<double>(std::max<std::int64_t>(total_steps - warmup, 1));
  const double progress = std::min(1.0, static_cast<double>(step - warmup) / remaining);
  switch (schedule.kind) {
    case recipe::ScheduleKind::kConstant:
      return peak;
    case recipe::ScheduleKind::kLinear:
      return peak * (1 - (1 - low) * progress);
    case recipe::ScheduleKind::kCosine:
      return peak * (low + (1 - low) * 0.5 * (1 + std::cos(std::numbers::pi * progress)));
    case recipe::ScheduleKind::kWsd: {
      const double decay_steps =
          std::max(1.0, std::ceil(schedule.decay * static_cast<double>(total_steps)));
      const double into_decay =
          static_cast<double>(step) - (static_cast<double>(total_steps) - decay_steps);
      return into_decay <= 0 ? peak
                             : peak * (1 - (1 - low) * std::min(1.0, into_decay / decay_steps));
    }
  }
  return peak;
}

}  // namespace temper::train
