#include "launcher/plan/estimates.h"

#include <fmt/format.h>

#include <cmath>

namespace temper::launch {
namespace {

constexpr double kSecondsAMinute = 60;
constexpr double kSecondsAnHour = 3600;
constexpr double kMebibyte = 1024.0 * 1024.0;

using Result = PlannedCheck::Result;

double training_seconds(const recipe::Cluster& cluster, const RunPlan& plan) {
  const double rate = cluster.estimate.tokens_per_second * static_cast<double>(cluster.ranks);
  if (rate <= 0 || !plan.tokens || !plan.steps || !plan.steps->epochs) {
    return 0;
  }
  return static_cast<double>(plan.tokens->total) * *plan.steps->epochs / rate;
}

double checkpoint_seconds(const recipe::Cluster& cluster, const RunPlan& plan) {
  const double rate =
      cluster.estimate.write_mib_per_second * kMebibyte * static_cast<double>(cluster.ranks);
  return rate > 0 && plan.model ? static_cast<double>(plan.model->checkpoint_bytes) / rate : 0;
}

void check_time_limit(const recipe::Cluster& cluster, RunPlan& plan) {
  const double limit = static_cast<double>(cluster.time_limit_minutes) * kSecondsAMinute;
  const double usable = limit - static_cast<double>(cluster.grace_seconds);
  PlannedTime& time = *plan.time;
  if (limit <= 0 || time.training_seconds <= 0) {
    return;
  }
  time.jobs = static_cast<std::int64_t>(std::ceil(time.training_seconds / usable));
  PlannedCheck check{
      "time limit", Result::kOk,
      fmt::format("{:.0f} min of training, the limit is {} min",
                  time.training_seconds / kSecondsAMinute, cluster.time_limit_minutes)};
  if (time.jobs > 1) {
    check.result = Result::kWarning;
    check.detail += fmt::format(": the run is queued again {} times", time.jobs - 1);
  }
  plan.checks.push_back(check);
}

void check_grace(const recipe::Cluster& cluster, RunPlan& plan) {
  const double seconds = plan.time->checkpoint_seconds;
  if (seconds <= 0) {
    return;
  }
  PlannedCheck check{
      "checkpoint in the grace period", Result::kOk,
      fmt::format("about {:.1f} s to write, grace_seconds is {}", seconds, cluster.grace_seconds)};
  if (seconds > static_cast<double>(cluster.grace_seconds)) {
    check.result = Result::kWarning;
    check.detail +=
        ": work since the last regular checkpoint is lost when the job is stopped; "
        "write a larger grace_seconds or a smaller checkpoint.every";
  }
  plan.checks.push_back(check);
}

}  // namespace

void add_estimates(const recipe::Cluster& cluster, RunPlan& plan) {
  PlannedTime time;
  time.training_seconds = training_seconds(cluster, plan);
  time.checkpoint_seconds = checkpoint_seconds(cluster, plan);
  time.currency = cluster.estimate.currency;
  time.cost = time.training_seconds / kSecondsAnHour * static_cast<double>(cluster.nodes) *
              cluster.estimate.price_per_node_hour;
  if (time.training_seconds <= 0 && time.checkpoint_seconds <= 0) {
    return;
  }
  plan.time = time;
  check_time_limit(cluster, plan);
  check_grace(cluster, plan);
}

}  // namespace temper::launch
