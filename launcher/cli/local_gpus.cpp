#include "launcher/cli/local_gpus.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "launcher/backends/captured_run.h"
#include "launcher/cli/trainer_location.h"

namespace temper::launch {

void check_local_gpus(Context& context, const recipe::Cluster& cluster) {
  if (cluster.kind != recipe::ClusterKind::kLocal || cluster.resources.gpus == 0) {
    return;
  }
  const CapturedRun run = run_captured(
      context.runner,
      {find_trainer(context).string(), "--check-gpus", fmt::to_string(cluster.resources.gpus)});
  if (run.code != 0) {
    throw UserError(
        fmt::format("resources.gpus: is {}, but {}", cluster.resources.gpus, complaint_of(run)));
  }
}

}  // namespace temper::launch
