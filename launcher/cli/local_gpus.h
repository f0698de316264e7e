#pragma once

#include "core/recipe/cluster.h"
#include "launcher/cli/context.h"

namespace temper::launch {

/// UserError where a cluster file of kind local asks for GPUs that the trainer can't use on this
/// machine, in the trainer's words: better said by `temper plan` than by a run. Nothing else is
/// looked at.
void check_local_gpus(Context& context, const recipe::Cluster& cluster);

}  // namespace temper::launch
