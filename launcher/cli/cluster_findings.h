#pragma once

#include <string>
#include <vector>

#include "core/recipe/cluster.h"
#include "launcher/cli/context.h"
#include "launcher/doctor/finding.h"

namespace temper::launch {

/// What a cluster (settled, load_cluster()) needs of this machine: the checks of `temper plan`,
/// and for kind local its programs, cores, memory and GPUs. Everything it needs is required.
/// Probes where its runs are kept.
std::vector<Finding> cluster_findings(Context& context, const recipe::Cluster& cluster);

/// Whether so many ranks of this machine find a GPU each, in the trainer's words; one line of
/// detail a GPU.
Finding gpu_finding(Context& context, std::int64_t num_ranks);

/// Whether the first GPU of a local cluster's ranks, which are of one kind, computes attention as
/// it should, in the trainer's words.
Finding attention_finding(Context& context, const recipe::Cluster& cluster);

}  // namespace temper::launch
