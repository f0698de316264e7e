#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/recipe/cluster.h"
#include "core/recipe/recipe.h"
#include "core/run/run_lock.h"
#include "core/run/run_record.h"
#include "launcher/backends/backend.h"
#include "launcher/cli/context.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/sweep.h"
#include "launcher/plan/run_plan.h"

namespace temper::launch {

/// One run to submit, with all that the user could mend found already.
struct PreparedRun {
  recipe::Recipe resolved;
  std::filesystem::path file;  ///< the recipe as given
  recipe::Cluster cluster;
  RunPlan plan;
};

/// The recipe at one point of a sweep, as load_recipe_for(): its name ends in the point's suffix,
/// and is held to the rules of names with it.
LoadedRecipe load_recipe_at(Context& context, const RecipeOptions& options, const std::string& name,
                            const SweepPoint& point, const recipe::Cluster& cluster);

/// The job of a run that has no directory yet, for plans and rehearsals.
JobSpec job_to_come(const Context& context, const PreparedRun& run);

/// Checks the recipe at one point of a sweep against its cluster; writes nothing. `name`: of the
/// run, over the recipe's; may be empty. UserError with all that failed.
PreparedRun prepare_run(Context& context, const RecipeOptions& options, const std::string& name,
                        const SweepPoint& point);

/// Whether the runs of a sweep differ in nothing that a scheduler sees, so that they can be one
/// job.
bool go_together(const std::vector<PreparedRun>& runs);

/// A run with its directory, ready to be handed over or found to be so already.
struct MadeRun {
  run::RunLayout layout;
  run::RunRecord record;
  bool is_submitted = false;
  JobSpec job;
  std::unique_ptr<run::RunLock> lock;  ///< none if it is submitted: its job has it
};

/// Makes the run's directory, or finds the one that an earlier command made for the same recipe and
/// cluster. UserError if a run of this name waits or runs; in a sweep one of the same recipe is
/// left as it is, so that a sweep that got stuck can be repeated.
MadeRun make_run(Context& context, PreparedRun& prepared, bool is_sweep);

}  // namespace temper::launch
