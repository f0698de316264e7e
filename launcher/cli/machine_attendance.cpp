#include "launcher/cli/machine_attendance.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/base/error.h"
#include "core/run/world.h"
#include "launcher/backends/rank_group.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/rank_log_push.h"

namespace temper::launch {
namespace {

bool is_retryable(int exit_code) {
  return exit_code == static_cast<int>(ExitCode::kRetryable) ||
         exit_code == static_cast<int>(ExitCode::kCheckpointed);
}

const char* scheduler_name(const recipe::Cluster& cluster) {
  return cluster.kind == recipe::ClusterKind::kVertex ? "Vertex AI" : "Kubernetes";
}

}  // namespace

bool has_own_disk(const recipe::Cluster& cluster) {
  return cluster.kind == recipe::ClusterKind::kKubernetes ||
         cluster.kind == recipe::ClusterKind::kVertex;
}

bool is_mpi_job(const recipe::Cluster& cluster) {
  return cluster.kind == recipe::ClusterKind::kKubernetes &&
         cluster.kubernetes.api == recipe::JobApi::kMpiJob;
}

bool starts_ranks_everywhere(const recipe::Cluster& cluster) {
  return has_own_disk(cluster) && cluster.nodes > 1 && !is_mpi_job(cluster);
}

bool is_further_machine(const recipe::Cluster& cluster, const Environment& environment) {
  if (!starts_ranks_everywhere(cluster)) {
    return false;
  }
  const run::Node node = run::read_node(environment);
  if (!node.meeting || node.count.value_or(cluster.nodes) != cluster.nodes) {
    throw UserError(fmt::format(
        "attend: this is one of {} machines by the cluster file, but the environment ({}) {}; "
        "start it by the job that `temper submit` makes",
        cluster.nodes, node.source,
        node.meeting ? fmt::format("says {}", *node.count)
                     : "does not say which one and where they meet (CLUSTER_SPEC, "
                       "JOB_COMPLETION_INDEX, PET_NODE_RANK)"));
  }
  return node.index > 0;
}

void forget_others_logs(const recipe::Cluster& cluster, const Environment& environment,
                        const run::RunLayout& layout) {
  if (!starts_ranks_everywhere(cluster)) {
    return;
  }
  const std::int64_t ranks_here = cluster.ranks / cluster.nodes;
  const std::int64_t first = run::read_node(environment).index * ranks_here;
  for (int rank = 0; rank < cluster.ranks; ++rank) {
    if (rank < first || rank >= first + ranks_here) {
      std::filesystem::remove(layout.rank_log(rank));
    }
  }
}

std::optional<int> code_of_given_up(Context& context, const recipe::Cluster& cluster,
                                    const run::RunRecord& record) {
  const bool is_train_job = cluster.kind == recipe::ClusterKind::kKubernetes &&
                            cluster.kubernetes.api == recipe::JobApi::kTrainJob;  // by its runtime
  const bool is_started_anew =
      cluster.kind == recipe::ClusterKind::kVertex || is_mpi_job(cluster) || is_train_job;
  if (!is_started_anew || record.state != run::RunState::kFailed) {
    return std::nullopt;
  }
  context.err << fmt::format("run {} failed and is not started again: {}", record.id,
                             record.message)
              << std::endl;
  const bool has_code = !record.attempts.empty() && record.attempts.back().exit_code;
  return has_code ? *record.attempts.back().exit_code : static_cast<int>(ExitCode::kInternal);
}

int follow_on_machine(Context& context, const LaunchSpec& spec, const std::string& url,
                      SignalSource& signals) {
  RankGroupSpec group = place_ranks(spec.ranks / spec.nodes, spec.ranks,
                                    rank_command(spec, "of-rank-0"), context.environment);
  group.environment = spec.environment;
  RankLogPush logs(context, run::RunLayout{spec.run_dir}, url, group.first_rank, group.ranks_here);
  const int code =
      RankGroup(context.clock, context.runner, signals).run(group, [&logs] { logs.tick(); });
  logs.finish();
  return code;
}

void end_first_machine(Context& context, const run::RunLayout& layout, const ForegroundRun& run,
                       int exit_code, bool was_told_to_end) {
  run::RunRecord record = *run::read_run_record(layout);
  const bool is_vertex = run.cluster.kind == recipe::ClusterKind::kVertex;
  if (record.state == run::RunState::kStopped && was_told_to_end) {
    record.message = fmt::format("{} took the {} away; {}", scheduler_name(run.cluster),
                                 is_vertex ? "machine" : "pod", record.message);
  } else if (record.state == run::RunState::kFailed && starts_ranks_everywhere(run.cluster) &&
             is_retryable(exit_code)) {
    record.message += fmt::format("; {} starts the {} again", scheduler_name(run.cluster),
                                  is_vertex ? "replicas" : "pods");
  } else {
    return;
  }
  record.state = run::RunState::kPending;
  keep_record(context, layout, run.runs, record);
}

}  // namespace temper::launch
