#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/recipe/recipe_io.h"
#include "core/run/run_layout.h"
#include "launcher/cli/local_gpus.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/temporary_folder.h"
#include "launcher/cli/trainer_location.h"
#include "launcher/cli/verbs.h"
#include "launcher/cli/verify_trial.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;

struct VerifyOptions {
  std::string recipe;
  std::vector<std::string> overrides;
  std::int64_t steps = 6;
  std::vector<std::int64_t> ranks = {1, 2, 3};
  std::optional<std::uint64_t> seed;
  bool gpus = false;
  bool keep = false;
  bool json = false;
};

/// The recipe cut to a few steps, saved every second one; what only costs time is left out.
recipe::Recipe cut_recipe(Context& context, const VerifyOptions& options, const fs::path& folder) {
  recipe::Recipe recipe = load_recipe(context, options.recipe, options.overrides).recipe;
  recipe.duration = {std::nullopt, options.steps};
  recipe.data.eval.clear();
  recipe.eval = {};
  recipe.checkpoint.to = folder.string();
  recipe.checkpoint.every = std::max<std::int64_t>(1, std::min<std::int64_t>(2, options.steps / 2));
  return recipe;
}

/// Every number of ranks with one and two slot workers, and one that is killed and resumed.
std::vector<Trial> list_trials(const VerifyOptions& options, std::int64_t checkpoint_every,
                               std::uint64_t seed) {
  std::vector<Trial> trials;
  for (const std::int64_t ranks : options.ranks) {
    for (const std::int64_t slot_workers : {1, 2}) {
      trials.push_back({ranks, slot_workers, 0, {}, 0, options.gpus});
    }
  }
  const auto first = static_cast<std::uint64_t>(checkpoint_every);
  const auto end = static_cast<std::uint64_t>(options.steps);
  const std::uint64_t word = mix_keys({seed});
  const std::uint64_t step = first + word % (end - first);
  const auto delay = std::chrono::milliseconds((word >> 32U) % 100);
  const std::int64_t most = *std::max_element(options.ranks.begin(), options.ranks.end());
  const std::int64_t then = options.gpus ? most : std::max<std::int64_t>(2, most);
  trials.push_back({1, 1, static_cast<std::int64_t>(step), delay, then, options.gpus});
  return trials;
}

int verify(Context& context, const VerifyOptions& options) {
  const fs::path trainer = find_trainer(context);
  if (options.gpus) {
    recipe::Cluster cluster;
    cluster.resources.gpus = *std::max_element(options.ranks.begin(), options.ranks.end());
    check_local_gpus(context, cluster);
  }
  const TemporaryFolder folder("temper-verify", options.keep);
  const recipe::Recipe recipe = cut_recipe(context, options, folder.path());
  const std::uint64_t seed = options.seed ? *options.seed : std::random_device{}();
  SystemSignals signals;
  std::vector<TrialResult> results;
  for (const Trial& trial : list_trials(options, recipe.checkpoint.every, seed)) {
    context.err << fmt::format("training {} steps on {} ranks x {} slot workers{}\n", options.steps,
                               trial.ranks, trial.slot_workers,
                               trial.kill_after_step > 0 ? fmt::format(", killed (--seed {})", seed)
                                                         : std::string())
                << std::flush;
    results.push_back(run_trial(context, recipe, trial, trainer, signals));
  }
  const bool same = all_the_same(results);
  if (options.json) {
    context.out << verify_json(results, seed) << "\n";
  } else {
    context.out << verify_table(results)
                << (same ? "all results are the same, bit for bit\n" : "the results DIFFER\n");
  }
  if (options.keep) {
    (options.json ? context.err : context.out) << "kept in " << folder.path().string() << "\n";
  }
  context.out.flush();
  return same ? 0 : static_cast<int>(ExitCode::kInternal);
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  const auto options = std::make_shared<VerifyOptions>();
  app.add_option("RECIPE", options->recipe, "The recipe, a YAML file")->required();
  app.add_option("--set", options->overrides, "Override a key; repeatable")
      ->allow_extra_args(false);
  app.add_option("--steps", options->steps, "Optimizer steps of each training (default: 6)")
      ->check(CLI::Range(2, 1000000));
  app.add_option("--ranks", options->ranks, "Numbers of ranks to compare (default: 1,2,3)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 4096));
  app.add_option("--seed", options->seed, "Decides when one training is killed");
  app.add_flag("--gpus", options->gpus, "Give each rank a GPU of this machine");
  app.add_flag("--keep", options->keep, "Keep the folders of the trainings");
  app.add_flag("--json", options->json, "Print one JSON object");
  app.callback([&action, options] {
    action = [options](Context& context) { return verify(context, *options); };
  });
}

}  // namespace temper::launch
