#include "launcher/cli/cluster_findings.h"

#include <fmt/format.h>

#include <filesystem>
#include <thread>

#include "core/base/error.h"
#include "core/base/machine_memory.h"
#include "core/recipe/recipe.h"
#include "core/storage/open_store.h"
#include "launcher/backends/captured_run.h"
#include "launcher/backends/gpu_environment.h"
#include "launcher/cli/preflight.h"
#include "launcher/cli/trainer_location.h"
#include "launcher/plan/quantity.h"

namespace temper::launch {
namespace {

using State = Finding::State;

State state_of(PlannedCheck::Result result) {
  switch (result) {
    case PlannedCheck::Result::kOk:
      return State::kOk;
    case PlannedCheck::Result::kWarning:
      return State::kWarning;
    case PlannedCheck::Result::kFailed:
      break;
  }
  return State::kFailed;
}

bool needs_mpirun(const recipe::Cluster& cluster) {
  return cluster.ranks > 1 && cluster.transport != recipe::Transport::kTcp;
}

Finding mpirun_finding(Context& context) {
  try {
    const CapturedRun run = run_captured(context.runner, {"mpirun", "--version"});
    if (run.code == 0) {
      return {"mpirun", State::kOk, run.out.substr(0, run.out.find('\n')), ""};
    }
    return {"mpirun", State::kFailed, complaint_of(run), "install openmpi-bin again"};
  } catch (const UserError&) {
    return {"mpirun", State::kFailed, "not found",
            "install openmpi-bin, or write transport: tcp in the cluster file"};
  }
}

/// What a cluster file promises of this machine.
std::vector<Finding> resource_findings(const recipe::Resources& resources) {
  constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;
  std::vector<Finding> findings;
  const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  if (resources.cpus > cores) {
    findings.push_back({"resources.cpus", State::kWarning,
                        fmt::format("is {}, this machine has {}", resources.cpus, cores),
                        "threads will share cores; correct it in the cluster file"});
  }
  const auto memory = static_cast<double>(machine_memory_bytes());
  if (resources.memory_gib * kGibibyte > memory) {
    findings.push_back({"resources.memory_gib", State::kWarning,
                        fmt::format("is {}, this machine has {}", resources.memory_gib,
                                    bytes_text(static_cast<std::uint64_t>(memory))),
                        "correct it in the cluster file"});
  }
  return findings;
}

/// What a trainer said that was asked to look at something, or what it complained of.
Finding finding_of(const std::string& what, const CapturedRun& run) {
  if (run.code != 0) {
    return {what, State::kFailed, complaint_of(run), ""};
  }
  return {what, State::kOk, run.out.substr(0, run.out.find_last_not_of('\n') + 1), ""};
}

}  // namespace

std::vector<Finding> cluster_findings(Context& context, const recipe::Cluster& cluster) {
  RunPlan plan;
  std::string runs = cluster.runs.empty() ? recipe::Recipe{}.checkpoint.to : cluster.runs;
  if (!storage::is_bucket_url(runs)) {
    runs = std::filesystem::absolute(runs).string();
  }
  check_before_submit(context, cluster, runs, plan);
  std::vector<Finding> findings;
  for (const PlannedCheck& check : plan.checks) {
    findings.push_back({check.what, state_of(check.result), check.detail, ""});
  }
  if (cluster.kind == recipe::ClusterKind::kLocal) {
    if (needs_mpirun(cluster)) {
      findings.push_back(mpirun_finding(context));
    }
    for (Finding& finding : resource_findings(cluster.resources)) {
      findings.push_back(std::move(finding));
    }
    if (cluster.resources.gpus > 0) {
      findings.push_back(gpu_finding(context, cluster.resources.gpus));
    }
  }
  return findings;
}

Finding gpu_finding(Context& context, std::int64_t num_ranks) {
  return finding_of("GPUs",
                    run_captured(context.runner, {find_trainer(context).string(), "--check-gpus",
                                                  fmt::to_string(num_ranks)}));
}

Finding attention_finding(Context& context, const recipe::Cluster& cluster) {
  const std::vector<std::string> argv = {find_trainer(context).string(), "--check-gpus",
                                         fmt::to_string(cluster.resources.gpus),
                                         "--test-attention"};
  const auto environment = rank_environment(cluster, std::filesystem::temp_directory_path());
  return finding_of("attention", run_captured(context.runner, argv, environment));
}

}  // namespace temper::launch
