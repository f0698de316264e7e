#pragma once

#include <memory>
#include <string>

#include "launcher/backends/backend.h"
#include "launcher/cli/context.h"
#include "launcher/cli/find_run.h"
#include "launcher/plan/run_plan.h"

namespace temper::launch {

/// The job of a run whose directory is `layout` (a run "…-ID" that isn't there yet, for plans)
/// and whose checkpoint.to is `runs`.
JobSpec job_spec(const Context& context, const recipe::Cluster& cluster,
                 const run::RunLayout& layout, const std::string& runs,
                 const std::string& allow_changed);

/// Puts what `backend` would send into the plan.
void add_job(const Backend& backend, const JobSpec& spec, RunPlan& plan);
void add_job(RenderedJob job, const std::string& backend, RunPlan& plan);

/// The backend for a cluster file, with this program's surroundings.
std::unique_ptr<Backend> backend_for(const Context& context, const recipe::Cluster& cluster);

/// The backend of a run that exists: by its run.json, and its cluster.yaml unless it is local.
std::unique_ptr<Backend> backend_of(Context& context, const FoundRun& found);

/// The run's state as its scheduler sees it, `found.record` read again where that ended meanwhile.
BackendState state_now(Context& context, FoundRun& found);

}  // namespace temper::launch
