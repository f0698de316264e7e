#pragma once

#include "core/recipe/cluster.h"
#include "core/recipe/recipe.h"
#include "launcher/cli/context.h"
#include "launcher/plan/make_plan.h"

namespace temper::launch {

/// What to plan with this machine's stores, credentials and cache.
PlanRequest plan_request(const Context& context, const recipe::Recipe& recipe,
                         const recipe::Cluster& cluster);

}  // namespace temper::launch
