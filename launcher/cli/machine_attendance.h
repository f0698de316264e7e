#pragma once

#include <optional>
#include <string>

#include "core/base/environment.h"
#include "core/recipe/cluster.h"
#include "core/run/run_layout.h"
#include "core/run/run_record.h"
#include "launcher/backends/signal_source.h"
#include "launcher/cli/context.h"
#include "launcher/cli/foreground.h"

namespace temper::launch {

// `temper attend` on the machines of one job: the pods of Kubernetes, the replicas of Vertex AI
// (docs/decisions/0014). The first one supervises and is the only one that writes run.json; the
// others start their ranks and pass signals and the exit code on.

/// Whether the run's folder is this machine's own, and its ranks may be on several such machines.
bool has_own_disk(const recipe::Cluster& cluster);

bool is_mpi_job(const recipe::Cluster& cluster);

/// Whether each machine of the job starts ranks of its own, which is all but an MPIJob, whose ranks
/// mpirun starts everywhere. Nothing is restarted within such a machine: all start again or none.
bool starts_ranks_everywhere(const recipe::Cluster& cluster);

/// True on any machine but the first of a job with several. UserError if the environment does not
/// say which one this is, or contradicts itself or the cluster file.
bool is_further_machine(const recipe::Cluster& cluster, const Environment& environment);

/// Takes the logs of the other machines' ranks, which came with the run from its bucket, out of the
/// folder: they grow elsewhere.
void forget_others_logs(const recipe::Cluster& cluster, const Environment& environment,
                        const run::RunLayout& layout);

/// The exit code of a run that was given up on, where whatever starts the job anew does so without
/// regard to it: the run is not trained again. nullopt: go on.
std::optional<int> code_of_given_up(Context& context, const recipe::Cluster& cluster,
                                    const run::RunRecord& record);

/// A further machine's whole life: starts its ranks once (`spec` tells what), and brings their logs
/// to the run at `url` while they run and at their end. Returns the exit code.
int follow_on_machine(Context& context, const LaunchSpec& spec, const std::string& url,
                      SignalSource& signals);

/// The last word of the first (or only) machine, after its attempts ended with `exit_code`: what
/// will be started again is pending, not stopped or failed. `was_told_to_end`: by SIGTERM; evicted
/// or deleted, it can't know.
void end_first_machine(Context& context, const run::RunLayout& layout, const ForegroundRun& run,
                       int exit_code, bool was_told_to_end);

}  // namespace temper::launch
