#include "launcher/cli/checkpoint_push.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <optional>

#include "core/export/checkpoint_adapter.h"
#include "core/hub/local_model.h"
#include "core/hub/outbox.h"
#include "core/model/recipe_base.h"
#include "core/run/bucket_run.h"
#include "launcher/backends/progress_follower.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/run_push.h"

namespace temper::launch {
namespace {

constexpr std::string_view kStepWord = "step ";
/// Stays on this machine (core/run/bucket_run.h) and is no entry of the outbox.
constexpr const char* kExportFolder = ".temper-checkpoint-adapter";

/// The loss on data.eval by step; the last one counts where a step was repeated.
std::map<std::int64_t, double> losses_by_step(const std::vector<run::ProgressRecord>& progress) {
  std::map<std::int64_t, double> losses;
  for (const run::ProgressRecord& record : progress) {
    if (record.eval_loss) {
      losses[record.step] = *record.eval_loss;
    }
  }
  return losses;
}

double lowest_of(const std::map<std::int64_t, double>& losses, const std::set<std::int64_t>& put) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const std::int64_t step : put) {
    const auto found = losses.find(step);
    lowest = found == losses.end() ? lowest : std::min(lowest, found->second);
  }
  return lowest;
}

}  // namespace

std::vector<ChosenStep> choose_steps(recipe::PublishWhen when,
                                     const std::vector<run::CheckpointCandidate>& checkpoints,
                                     const std::vector<run::ProgressRecord>& progress,
                                     const std::set<std::int64_t>& put) {
  const std::map<std::int64_t, double> losses = losses_by_step(progress);
  const std::int64_t last_step = progress.empty() ? 0 : progress.back().total_steps;
  std::map<std::int64_t, ChosenStep> by_step;
  for (const run::CheckpointCandidate& checkpoint : checkpoints) {
    const std::int64_t step = checkpoint.manifest.step;
    if (checkpoint.problem.empty() && step > 0 && step != last_step && !put.contains(step)) {
      const auto loss = losses.find(step);
      by_step[step] = {step, loss == losses.end() ? std::nullopt : std::optional(loss->second)};
    }
  }
  std::vector<ChosenStep> chosen;
  for (const auto& [step, candidate] : by_step) {
    if (when == recipe::PublishWhen::kCheckpoint) {
      chosen.push_back(candidate);
    } else if (when == recipe::PublishWhen::kBest && candidate.eval_loss &&
               *candidate.eval_loss < lowest_of(losses, put) &&
               (chosen.empty() || *candidate.eval_loss < *chosen.front().eval_loss)) {
      chosen = {candidate};
    }
  }
  return chosen;
}

bool is_last_best(const std::vector<run::ProgressRecord>& progress,
                  const std::set<std::int64_t>& put) {
  const std::map<std::int64_t, double> losses = losses_by_step(progress);
  const auto last = progress.empty() ? losses.end() : losses.find(progress.back().total_steps);
  return last != losses.end() && last->second < lowest_of(losses, put);
}

void put_checkpoints(Context& context, const run::RunLayout& layout, const run::RunRecord& record,
                     const recipe::Recipe& recipe) {
  const auto store =
      open_store_for(context, run::checkpoints_location(layout, recipe.checkpoint.to));
  const auto checkpoints = run::list_checkpoints(*store, std::nullopt);
  const auto chosen = choose_steps(recipe.publish.when, checkpoints,
                                   read_progress(layout.progress()), steps_in_outbox(layout));
  if (chosen.empty()) {
    return;
  }
  storage::OpenOptions options;
  options.environment = context.environment;
  options.logger = Logger(LogLevel::kError);
  const auto base = model::open_recipe_base(
      recipe, hub::local_model(recipe.model.base, hub::ModelParts::kAll,
                               context.environment.cache_directory(), options, context.clock));
  const std::filesystem::path folder = layout.root / kExportFolder;
  for (const ChosenStep& step : chosen) {
    const auto checkpoint = std::ranges::find_if(checkpoints, [&](const auto& candidate) {
      return candidate.problem.empty() && candidate.manifest.step == step.step;
    });
    exporting::export_checkpoint_adapter(
        folder, {recipe, layout, base->config(), base->fingerprint()}, *store, *checkpoint);
    put_result(layout, record, {folder, fmt::format("{}{}", kStepWord, step.step)},
               push_target(recipe.publish), context.clock);
    std::filesystem::remove_all(folder);
  }
}

std::set<std::int64_t> steps_in_outbox(const run::RunLayout& layout) {
  std::set<std::int64_t> steps;
  for (const hub::OutboxEntry& entry : hub::Outbox(layout.outbox()).list()) {
    const std::string& content = entry.manifest.content;
    std::int64_t step = 0;
    if (entry.problem.empty() && content.starts_with(kStepWord) &&
        std::from_chars(content.data() + kStepWord.size(), content.data() + content.size(), step)
                .ec == std::errc()) {
      steps.insert(step);
    }
  }
  return steps;
}

std::vector<run::ProgressRecord> read_progress(const std::filesystem::path& file) {
  return ProgressFollower(file, 0).take();
}

}  // namespace temper::launch
