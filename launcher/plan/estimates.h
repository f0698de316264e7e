#pragma once

#include "core/recipe/cluster.h"
#include "launcher/plan/run_plan.h"

namespace temper::launch {

/// Adds to a plan, as far as the cluster file's `estimate` and the plan's tokens tell: time, jobs
/// and cost; and checks of the time limit and of a checkpoint against grace_seconds. Pure.
void add_estimates(const recipe::Cluster& cluster, RunPlan& plan);

}  // namespace temper::launch
