#pragma once

#include <string>

#include "core/recipe/cluster.h"
#include "launcher/backends/backend.h"
#include "launcher/cli/context.h"
#include "launcher/plan/run_plan.h"

namespace temper::launch {

/// Looks at what would only fail after the wait in a queue and adds the checks to the plan: the
/// place of runs can be written (a probe file is made and removed), the scheduler's programs are
/// there and would take the job, secrets can be read, an image is named by its digest.
void check_before_submit(Context& context, const recipe::Cluster& cluster, const std::string& runs,
                         RunPlan& plan);

/// Asks the scheduler whether it would take this job and adds its answer to the plan's checks. One
/// that doesn't answer is a warning: handing the job over will say the same.
void rehearse(const Backend& backend, const JobSpec& spec, RunPlan& plan);

/// UserError with every check that failed, one line each.
void throw_if_failed(const RunPlan& plan);

}  // namespace temper::launch
