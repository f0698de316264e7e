#include <fmt/format.h>
#include <signal.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/recipe/recipe_io.h"
#include "core/run/run_lock.h"
#include "launcher/backends/captured_run.h"
#include "launcher/backends/secret_file.h"
#include "launcher/backends/slurm/batch_script.h"
#include "launcher/backends/slurm/requeue.h"
#include "launcher/backends/slurm/slurm_backend.h"
#include "launcher/backends/vertex/google_services.h"
#include "launcher/backends/vertex/secret_manager.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/foreground.h"
#include "launcher/cli/pod_attendance.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/trainer_location.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct AttendOptions {
  std::string run;
  std::string allow_changed;
};

/// Passes signals on and remembers the first.
class FirstSignal final : public SignalSource {
 public:
  explicit FirstSignal(SignalSource& inner) : inner_(inner) {}
  std::optional<int> poll() override {
    const std::optional<int> number = inner_.poll();
    if (!first_) {
      first_ = number;
    }
    return number;
  }
  std::optional<int> first() const { return first_; }

 private:
  SignalSource& inner_;
  std::optional<int> first_;
};

/// The job may start before the one who submitted it has written down its name.
std::unique_ptr<run::RunLock> wait_for_lock(Context& context, const run::RunLayout& layout) {
  constexpr auto kPatience = std::chrono::seconds(60);
  constexpr auto kInterval = std::chrono::milliseconds(100);
  const auto deadline = context.clock.steady_now() + kPatience;
  while (true) {
    try {
      return std::make_unique<run::RunLock>(layout);
    } catch (const UserError&) {
      if (context.clock.steady_now() >= deadline) {
        throw;
      }
    }
    context.clock.sleep_for(kInterval);
  }
}

std::int64_t number_in(const Environment& environment, std::string_view name) {
  const std::string text = environment.get(name).value_or("0");
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// Ends the job as judge_job() says; run.json first, as being queued again kills this process.
void end_slurm_job(Context& context, const run::RunLayout& layout, const std::string& runs,
                   const JobEnd& end) {
  run::RunRecord record = *run::read_run_record(layout);
  const Requeue next = judge_job(end, record.attempts);
  if (next.reason.empty()) {
    return;
  }
  record.message = next.reason;
  context.err << next.reason << std::endl;
  const run::RunState before = record.state;
  record.state = next.kind == Requeue::Kind::kEnd ? before : run::RunState::kPending;
  keep_record(context, layout, runs, record);
  if (next.kind != Requeue::Kind::kAgain) {
    return;
  }
  const CapturedRun asked = run_captured(context.runner, {"scontrol", "requeue", record.job});
  if (asked.code != 0) {
    record.state = before;
    record.message += fmt::format(", but scontrol requeue says: {}; `temper resume {}` goes on",
                                  complaint_of(asked), record.id);
    context.err << record.message << std::endl;
    keep_record(context, layout, runs, record);
  }
}

/// The variables that the cluster file's `secrets` name, with their values. Pods have them already.
std::map<std::string, std::string> secrets_of(Context& context, const recipe::Cluster& cluster) {
  switch (cluster.kind) {
    case recipe::ClusterKind::kLocal:
    case recipe::ClusterKind::kSlurm:
      return read_secrets(cluster.secrets);
    case recipe::ClusterKind::kKubernetes:
      return {};
    case recipe::ClusterKind::kVertex:
      break;
  }
  if (cluster.secrets.empty()) {
    return {};
  }
  return fetch_secrets(cluster.vertex,
                       google_client(cluster.vertex, context.environment, context.clock),
                       cluster.secrets);
}

/// The scheduler's name of the job that we are in; "" if it doesn't say.
std::string job_around(const Environment& environment) {
  const char* const kNamed[] = {"TEMPER_JOB", "CLOUD_ML_JOB_ID"};  // the second by Vertex AI
  for (const char* name : kNamed) {
    if (const auto job = environment.get(name); job && !job->empty()) {
      return *job;
    }
  }
  return "";
}

/// Vertex AI starts a replica anew whatever its exit code was. A run that was given up on is not
/// trained again by that: the code is repeated. nullopt: go on.
std::optional<int> code_of_given_up(Context& context, const recipe::Cluster& cluster,
                                    const run::RunRecord& record) {
  if (cluster.kind != recipe::ClusterKind::kVertex || record.state != run::RunState::kFailed) {
    return std::nullopt;
  }
  context.err << fmt::format("run {} failed and is not started again: {}", record.id,
                             record.message)
              << std::endl;
  const bool has_code = !record.attempts.empty() && record.attempts.back().exit_code;
  return has_code ? *record.attempts.back().exit_code : static_cast<int>(ExitCode::kInternal);
}

int attend(Context& context, const AttendOptions& options) {
  SystemSignals system_signals;  // before any thread
  FirstSignal signals(system_signals);
  const run::RunLayout layout = find_run_anywhere(context, "runs", options.run).layout;
  if (is_further_pod(recipe::read_cluster(layout.cluster()), context.environment)) {
    return follow_in_pod(context, layout, options.run, options.allow_changed, signals);
  }
  const auto lock = wait_for_lock(context, layout);
  ForegroundRun run;
  run.record = *run::read_run_record(layout);
  if (run.record.state == run::RunState::kDone) {
    context.err << "run " << run.record.id << " is already done" << std::endl;
    return 0;
  }
  run.cluster = recipe::read_cluster(layout.cluster());
  if (const auto code = code_of_given_up(context, run.cluster, run.record)) {
    return *code;
  }
  run.runs = recipe::read_recipe(layout.resolved()).checkpoint.to;
  run.spec = launch_spec(context.executable, find_trainer(context), run.cluster, layout,
                         options.allow_changed);
  run.spec.environment.merge(secrets_of(context, run.cluster));
  if (const std::string job = job_around(context.environment); !job.empty()) {
    run.record.job = job;
  }
  const bool in_slurm = run.cluster.kind == recipe::ClusterKind::kSlurm;
  if (in_slurm) {
    run.record.job = context.environment.get("SLURM_JOB_ID").value_or("");
    if (run.record.job.empty()) {
      throw UserError("attend: not inside a Slurm job; `temper submit` makes one");
    }
    run.spec.rank_starter = slurm_rank_starter(
        run.cluster, choose_starter(context.runner, run.cluster.slurm), run.spec);
  }
  if (run.cluster.kind == recipe::ClusterKind::kKubernetes && run.cluster.nodes > 1) {
    run.cluster.max_restarts = 0;  // all pods start again or none
  }
  const int code = run_in_foreground(context, run, signals);
  const bool in_replica = run.cluster.kind == recipe::ClusterKind::kKubernetes ||
                          run.cluster.kind == recipe::ClusterKind::kVertex;
  if (in_replica) {
    end_first_replica(context, layout, run, code, signals.first() == SIGTERM);
  }
  if (!in_slurm) {
    return code;
  }
  JobEnd end;
  end.state = run::read_run_record(layout)->state;
  end.exit_code = code;
  end.first_signal = signals.first();
  end.stop_requested = std::filesystem::exists(layout.stop_request());
  end.num_requeues = number_in(context.environment, "SLURM_RESTART_COUNT");
  end.max_restarts = run.cluster.max_restarts;
  end_slurm_job(context, layout, run.runs, end);
  return code;
}

}  // namespace

void add_attend(CLI::App& app, Action& action) {
  const auto options = std::make_shared<AttendOptions>();
  app.add_option("RUN", options->run, "The run: its folder or URL in a bucket")->required();
  app.add_option("--allow-changed", options->allow_changed,
                 "Go on although these changed: recipe,data,model,device or a part of it");
  app.callback([&action, options] {
    action = [options](Context& context) { return attend(context, *options); };
  });
}

}  // namespace temper::launch
