#include "launcher/cli/verify_trial.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/mapped_file.h"
#include "core/recipe/recipe_io.h"
#include "core/run/checkpoint_manifest.h"
#include "core/run/run_lock.h"
#include "launcher/backends/supervisor.h"
#include "launcher/backends/trainer_log.h"
#include "launcher/cli/foreground.h"
#include "launcher/cli/json_line.h"
#include "launcher/cli/new_run.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;

bool has_checkpoint(const run::RunLayout& layout) {
  std::error_code absent;
  const fs::directory_iterator folders(layout.checkpoints(), absent);
  return std::any_of(begin(folders), end(folders), [](const fs::directory_entry& folder) {
    return fs::exists(folder.path() / run::kManifestName);
  });
}

/// Watches an attempt and sends one SIGKILL when its moment has come.
class Interruption final : public SignalSource, public RunObserver {
 public:
  Interruption(const Trial& trial, const run::RunLayout& layout, const Clock& clock,
               SignalSource& real)
      : trial_(trial), layout_(layout), clock_(clock), real_(real) {}

  void on_progress(const run::ProgressRecord& record) override {
    step_reached_ = step_reached_ || record.step >= trial_.kill_after_step;
  }

  std::optional<int> poll() override {
    if (const std::optional<int> number = real_.poll()) {
      return number;
    }
    if (!moment_ && step_reached_ && has_checkpoint(layout_)) {
      moment_ = clock_.steady_now() + trial_.kill_delay;
    }
    if (moment_ && !sent_ && clock_.steady_now() >= *moment_) {
      sent_ = true;
      return SIGKILL;
    }
    return std::nullopt;
  }

 private:
  const Trial& trial_;
  const run::RunLayout& layout_;
  const Clock& clock_;
  SignalSource& real_;
  bool step_reached_ = false;
  bool sent_ = false;
  std::optional<std::chrono::steady_clock::time_point> moment_;
};

/// sha256 over the names and contents of the result's weight files.
std::string hash_result(const run::RunLayout& layout) {
  std::vector<fs::path> files;
  for (const fs::path& folder : {layout.adapter(), layout.model()}) {
    std::error_code absent;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, absent)) {
      if (entry.path().extension() == ".safetensors") {
        files.push_back(entry.path());
      }
    }
  }
  if (files.empty()) {
    return "";
  }
  std::sort(files.begin(), files.end());
  Sha256 hash;
  for (const fs::path& file : files) {
    hash.update(MappedFile(file).bytes());
  }
  return hash.hex_digest();
}

std::string failure_text(const run::RunLayout& layout, const Verdict& verdict) {
  const std::optional<run::RunRecord> record = run::read_run_record(layout);
  return record && !record->message.empty() ? record->message : verdict.reason;
}

/// One foreground run without output and without restarts.
Verdict run_once(Context& context, const NewRun& made, const LaunchSpec& spec,
                 SignalSource& signals, RunObserver& observer) {
  const run::RunRecord record = run::read_run_record(made.layout).value_or(made.record);
  const RestartPolicy never{0, {}};
  const Verdict verdict =
      supervise_here(context.clock, context.runner, signals, observer, record, spec, never);
  if (verdict.kind == Verdict::Kind::kStopped) {
    throw StopRequested("verify was stopped before it could compare anything");
  }
  return verdict;
}

bool was_killed(const run::RunLayout& layout) {
  constexpr int kKilled = 128 + SIGKILL;
  const std::optional<run::RunRecord> record = run::read_run_record(layout);
  return record && record->attempts.back().exit_code == kKilled;
}

}  // namespace

TrialResult run_trial(Context& context, const recipe::Recipe& recipe, const Trial& trial,
                      const fs::path& trainer, SignalSource& signals) {
  const auto started = context.clock.steady_now();
  TrialResult result{trial, 0, "", ""};
  const NewRun made = create_run(recipe, context.environment.cache_directory(), context.clock);
  const run::RunLock lock(made.layout);
  write_run_file(made.layout, made.layout.resolved(), recipe::dump(recipe));
  recipe::Cluster cluster;
  cluster.ranks = trial.ranks;
  cluster.slot_workers = trial.slot_workers;
  cluster.resources.gpus = trial.gpus ? trial.ranks : 0;
  LaunchSpec spec =
      launch_spec(context.executable, trainer, cluster, made.layout, /*allow_changed=*/"");

  Verdict verdict;
  if (trial.kill_after_step > 0) {
    // It never begins its last step, so it can't be over before it is killed.
    spec.hold_after_step = recipe.duration.steps.value() - 1;
    Interruption interruption(trial, made.layout, context.clock, signals);
    verdict = run_once(context, made, spec, interruption, interruption);
    if (verdict.kind == Verdict::Kind::kDone) {
      result.problem = "it ended although it was to wait for its interruption";
    }
    spec.ranks = static_cast<int>(trial.resume_ranks);
    spec.hold_after_step = 0;
  }
  if (trial.kill_after_step == 0 || was_killed(made.layout)) {
    RunObserver quiet;
    verdict = run_once(context, made, spec, signals, quiet);
  }
  if (verdict.kind == Verdict::Kind::kDone) {
    result.sha256 = hash_result(made.layout);
    result.problem = result.sha256.empty() ? "it left no weights behind" : result.problem;
  } else {
    result.problem = failure_text(made.layout, verdict);
  }
  result.seconds = std::chrono::duration<double>(context.clock.steady_now() - started).count();
  return result;
}

std::string verify_table(const std::vector<TrialResult>& results) {
  constexpr std::size_t kShownDigits = 16;
  std::string table = fmt::format("{:<10} {:<13} {:<24} {:>8}  {:<16}  {}\n", "ranks",
                                  "slot workers", "interrupted", "seconds", "sha256", "result");
  for (const TrialResult& result : results) {
    const Trial& trial = result.trial;
    const bool interrupted = trial.kill_after_step > 0;
    const bool same = !result.sha256.empty() && result.sha256 == results.front().sha256;
    table += fmt::format(
        "{:<10} {:<13} {:<24} {:>8.1f}  {:<16}  {}\n",
        interrupted ? fmt::format("{}, then {}", trial.ranks, trial.resume_ranks)
                    : fmt::to_string(trial.ranks),
        trial.slot_workers,
        interrupted ? fmt::format("killed after step {}", trial.kill_after_step) : "no",
        result.seconds, result.sha256.empty() ? "-" : result.sha256.substr(0, kShownDigits),
        !result.problem.empty() ? "FAILED: " + result.problem
        : same                  ? "same"
                                : "DIFFERENT");
  }
  return table;
}

std::string verify_json(const std::vector<TrialResult>& results, std::uint64_t seed) {
  auto trials = nlohmann::ordered_json::array();
  for (const TrialResult& result : results) {
    trials.push_back({{"ranks", result.trial.ranks},
                      {"slot_workers", result.trial.slot_workers},
                      {"killed_after_step", result.trial.kill_after_step},
                      {"resumed_on_ranks", result.trial.resume_ranks},
                      {"seconds", result.seconds},
                      {"sha256", result.sha256},
                      {"problem", result.problem}});
  }
  return json_line({{"same", all_the_same(results)}, {"seed", seed}, {"trials", trials}});
}

bool all_the_same(const std::vector<TrialResult>& results) {
  return !results.empty() &&
         std::all_of(results.begin(), results.end(), [&](const TrialResult& result) {
           return result.problem.empty() && result.sha256 == results.front().sha256;
         });
}

}  // namespace temper::launch
