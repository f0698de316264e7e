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
#include "launcher/backends/kubernetes/mpi_job.h"
#include "launcher/backends/secret_file.h"
#include "launcher/backends/slurm/batch_script.h"
#include "launcher/backends/slurm/requeue.h"
#include "launcher/backends/slurm/slurm_array.h"
#include "launcher/backends/slurm/slurm_backend.h"
#include "launcher/backends/vertex/google_services.h"
#include "launcher/backends/vertex/secret_manager.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/foreground.h"
#include "launcher/cli/machine_attendance.h"
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

/// What the ranks of this machine are started with.
LaunchSpec spec_of_ranks(Context& context, const recipe::Cluster& cluster,
                         const run::RunLayout& layout, const AttendOptions& options) {
  LaunchSpec spec = launch_spec(context.executable, find_trainer(context), cluster, layout,
                                options.allow_changed);
  spec.environment.merge(secrets_of(context, cluster));
  return spec;
}

/// nullopt: there is something to train.
std::optional<int> code_of_ended(Context& context, const recipe::Cluster& cluster,
                                 const run::RunRecord& record) {
  if (record.state == run::RunState::kDone) {
    context.err << "run " << record.id << " is already done" << std::endl;
    return 0;
  }
  return code_of_given_up(context, cluster, record);
}

/// The supervisor's part, on the first or only machine.
int supervise_job(Context& context, const run::RunLayout& layout, ForegroundRun& run,
                  const AttendOptions& options, FirstSignal& signals) {
  run.runs = recipe::read_recipe(layout.resolved()).checkpoint.to;
  run.spec = spec_of_ranks(context, run.cluster, layout, options);
  if (const std::string job = job_around(context.environment); !job.empty()) {
    run.record.job = job;
  }
  const bool in_slurm = run.cluster.kind == recipe::ClusterKind::kSlurm;
  if (in_slurm) {
    run.record.job = slurm_job_around(context.environment);
    if (run.record.job.empty()) {
      throw UserError("attend: not inside a Slurm job; `temper submit` makes one");
    }
    run.spec.rank_starter = slurm_rank_starter(
        run.cluster, choose_starter(context.runner, run.cluster.slurm), run.spec);
  }
  if (is_mpi_job(run.cluster) && run.cluster.nodes > 1) {
    run.spec.rank_starter =
        mpi_job_rank_starter(run.cluster, run.spec, context.executable, options.run);
    run.spec.starter_may_lose_machines = true;
  }
  if (starts_ranks_everywhere(run.cluster)) {
    run.cluster.max_restarts = 0;
  }
  const int code = run_in_foreground(context, run, signals);
  if (has_own_disk(run.cluster)) {
    end_first_machine(context, layout, run, code, signals.first() == SIGTERM);
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

int attend(Context& context, const AttendOptions& options) {
  SystemSignals system_signals;  // before any thread
  FirstSignal signals(system_signals);
  const run::RunLayout layout = find_run_anywhere(context, "runs", options.run).layout;
  ForegroundRun run;
  run.cluster = recipe::read_cluster(layout.cluster());
  const bool supervises = !is_further_machine(run.cluster, context.environment);
  forget_others_logs(run.cluster, context.environment, layout);
  const auto lock = supervises ? wait_for_lock(context, layout) : nullptr;
  run.record = *run::read_run_record(layout);
  if (const auto code = code_of_ended(context, run.cluster, run.record)) {
    return *code;
  }
  return supervises
             ? supervise_job(context, layout, run, options, signals)
             : follow_on_machine(context, spec_of_ranks(context, run.cluster, layout, options),
                                 options.run, signals);
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
