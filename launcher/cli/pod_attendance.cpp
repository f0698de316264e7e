#include "launcher/cli/pod_attendance.h"

#include <filesystem>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/recipe/recipe_io.h"
#include "core/run/world.h"
#include "launcher/backends/launch_command.h"
#include "launcher/backends/rank_group.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/trainer_location.h"

namespace temper::launch {
namespace {

bool is_retryable(int exit_code) {
  return exit_code == static_cast<int>(ExitCode::kRetryable) ||
         exit_code == static_cast<int>(ExitCode::kCheckpointed);
}

/// The logs of this pod's ranks; a store that fails is not worth another exit code.
void bring_logs(Context& context, const run::RunLayout& layout, const std::string& url,
                const RankGroupSpec& group) {
  try {
    const auto bucket = open_store_for(context, url);
    for (int local = 0; local < group.ranks_here; ++local) {
      const std::filesystem::path log = layout.rank_log(group.first_rank + local);
      if (std::filesystem::exists(log)) {
        const MappedFile content(log);
        bucket->write(log.lexically_relative(layout.root).string(), content.bytes());
      }
    }
  } catch (const Error& error) {
    context.err << "this pod's logs stay here: " << error.what() << std::endl;
  }
}

}  // namespace

bool is_further_pod(const recipe::Cluster& cluster, const Environment& environment) {
  return cluster.kind == recipe::ClusterKind::kKubernetes && cluster.nodes > 1 &&
         run::read_node(environment).index > 0;
}

int follow_in_pod(Context& context, const run::RunLayout& layout, const std::string& url,
                  const std::string& allow_changed, SignalSource& signals) {
  const std::optional<run::RunRecord> record = run::read_run_record(layout);
  if (record && record->state == run::RunState::kDone) {
    context.err << "run " << record->id << " is already done" << std::endl;
    return 0;
  }
  const recipe::Cluster cluster = recipe::read_cluster(layout.cluster());
  const LaunchSpec spec =
      launch_spec(context.executable, find_trainer(context), cluster, layout, allow_changed);
  const RankGroupSpec group = place_ranks(spec.ranks / spec.nodes, spec.ranks,
                                          rank_command(spec, "of-rank-0"), context.environment);
  const int code = RankGroup(context.clock, context.runner, signals).run(group);
  bring_logs(context, layout, url, group);
  return code;
}

void end_first_replica(Context& context, const run::RunLayout& layout, const ForegroundRun& run,
                       int exit_code, bool was_told_to_end) {
  run::RunRecord record = *run::read_run_record(layout);
  if (record.state == run::RunState::kStopped && was_told_to_end) {
    record.message =
        (run.cluster.kind == recipe::ClusterKind::kVertex ? "Vertex AI took the machine away; "
                                                          : "Kubernetes took the pod away; ") +
        record.message;
  } else if (record.state == run::RunState::kFailed && run.cluster.nodes > 1 &&
             is_retryable(exit_code)) {
    record.message += "; Kubernetes starts the pods again";
  } else {
    return;
  }
  record.state = run::RunState::kPending;
  keep_record(context, layout, run.runs, record);
}

}  // namespace temper::launch
