#pragma once

#include <string>

#include "core/base/environment.h"
#include "core/recipe/cluster.h"
#include "core/run/run_layout.h"
#include "launcher/backends/signal_source.h"
#include "launcher/cli/context.h"
#include "launcher/cli/foreground.h"

namespace temper::launch {

// `temper attend` in the pods of one Kubernetes job (docs/decisions/0014). The first pod supervises
// and is the only one that writes run.json; the others start their ranks and pass signals and the
// exit code on.

/// True in any pod but the first of a job with several. UserError if the environment contradicts
/// itself.
bool is_further_pod(const recipe::Cluster& cluster, const Environment& environment);

/// Such a pod's whole life: starts its ranks once, and brings their logs to the run at `url`.
/// Returns the exit code.
int follow_in_pod(Context& context, const run::RunLayout& layout, const std::string& url,
                  const std::string& allow_changed, SignalSource& signals);

/// The last word of the first (or only) pod, or of Vertex AI's replica, after its attempts ended
/// with `exit_code`: what will be started again is pending, not stopped or failed.
/// `was_told_to_end`: by SIGTERM; evicted or deleted, it can't know.
void end_first_replica(Context& context, const run::RunLayout& layout, const ForegroundRun& run,
                       int exit_code, bool was_told_to_end);

}  // namespace temper::launch
