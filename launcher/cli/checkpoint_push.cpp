#include "launcher/cli/checkpoint_push.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <optional>

#include "core/hub/outbox.h"
#include "launcher/backends/progress_follower.h"
#include "launcher/cli/run_push.h"

namespace temper::launch {
namespace {

constexpr std::string_view kStepWord = "step ";

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

std::set<std::int64_t> exported_steps(const run::RunLayout& layout) {
  std::set<std::int64_t> steps;
  std::error_code absent;
  for (const auto& entry :
       std::filesystem::directory_iterator(layout.checkpoint_adapters(), absent)) {
    // Named like a checkpoint, but for the attempt: each one writes the same adapter.
    if (const auto name = run::parse_checkpoint_name(entry.path().filename().string() + ".any")) {
      steps.insert(name->step);
    }
  }
  return steps;
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
                                     const std::set<std::int64_t>& exported,
                                     const std::vector<run::ProgressRecord>& progress,
                                     const std::set<std::int64_t>& put) {
  const std::map<std::int64_t, double> losses = losses_by_step(progress);
  std::vector<ChosenStep> chosen;
  for (const std::int64_t step : exported) {
    if (put.contains(step)) {
      continue;
    }
    const auto loss = losses.find(step);
    if (when == recipe::PublishWhen::kCheckpoint) {
      chosen.push_back({step, loss == losses.end() ? std::nullopt : std::optional(loss->second)});
    } else if (loss != losses.end() && loss->second < lowest_of(losses, put) &&
               (chosen.empty() || loss->second < *chosen.front().eval_loss)) {
      chosen = {{step, loss->second}};
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

void put_checkpoints(const run::RunLayout& layout, const run::RunRecord& record,
                     const recipe::Recipe& recipe, const Clock& clock) {
  if (recipe.publish.hub.empty() || recipe.publish.when == recipe::PublishWhen::kEnd) {
    return;
  }
  // In this order: an adapter appears after its step's losses.
  const std::set<std::int64_t> exported = exported_steps(layout);
  for (const ChosenStep& step :
       choose_steps(recipe.publish.when, exported, read_progress(layout.progress()),
                    steps_in_outbox(layout))) {
    put_result(layout, record,
               {layout.checkpoint_adapter(step.step), fmt::format("{}{}", kStepWord, step.step)},
               push_target(recipe.publish), clock);
  }
  for (const std::int64_t step : exported) {
    std::filesystem::remove_all(layout.checkpoint_adapter(step));
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
