#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/recipe/recipe.h"
#include "core/run/progress_record.h"
#include "core/run/run_record.h"

namespace temper::launch {

/// A step whose adapter is to be pushed, and the loss that it was chosen for.
struct ChosenStep {
  std::int64_t step = 0;
  std::optional<double> eval_loss;
};

/// Which of the exported steps are pushed next, oldest first; those of `put` were already.
/// kCheckpoint: all of them. kBest: the one with the lowest loss on data.eval at its very step, if
/// that is lower than at every step of `put`. Pure.
std::vector<ChosenStep> choose_steps(recipe::PublishWhen when,
                                     const std::set<std::int64_t>& exported,
                                     const std::vector<run::ProgressRecord>& progress,
                                     const std::set<std::int64_t>& put);

/// For kBest at the end: whether the run's last step has the lowest loss of all that were put.
bool is_last_best(const std::vector<run::ProgressRecord>& progress,
                  const std::set<std::int64_t>& put);

/// Puts the chosen adapters that the trainer left in RunLayout::checkpoint_adapters into the run's
/// outbox, and removes all that it left: the others are pushed already or not the best. Nothing
/// unless the recipe publishes checkpoints. UserError or FatalError, naming the folder, if one has
/// not passed its gate.
void put_checkpoints(const run::RunLayout& layout, const run::RunRecord& record,
                     const recipe::Recipe& recipe, const Clock& clock);

/// The steps whose adapters are in the run's outbox, waiting or pushed.
std::set<std::int64_t> steps_in_outbox(const run::RunLayout& layout);

/// All whole records of progress.jsonl; none if it is absent.
std::vector<run::ProgressRecord> read_progress(const std::filesystem::path& file);

}  // namespace temper::launch
