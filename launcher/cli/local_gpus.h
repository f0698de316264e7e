#pragma once

#include "core/recipe/cluster.h"
#include "launcher/cli/context.h"

namespace temper::launch {

/// What a plan or run for GPUs is refused with, until the trainer's buffers are on them too:
/// computing on the CPUs of a machine with GPUs would be no favour.
inline constexpr const char* kNoGpuTraining =
    "this temper-trainer finds GPUs, but can't train on them yet; write resources: {gpus: 0} to "
    "train on the CPUs, `temper plan --gpus` estimates what GPUs would do";

/// UserError where a cluster file of kind local asks for GPUs that the trainer can't use on this
/// machine, in the trainer's words: better said by `temper plan` than by a run. Nothing else is
/// looked at.
void check_local_gpus(Context& context, const recipe::Cluster& cluster);

}  // namespace temper::launch
