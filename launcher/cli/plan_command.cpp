#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "core/base/machine_memory.h"
#include "core/recipe/recipe_io.h"
#include "core/run/run_layout.h"
#include "launcher/backends/backend.h"
#include "launcher/cli/foreground.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/trainer_location.h"
#include "launcher/cli/verbs.h"
#include "launcher/plan/absolute_paths.h"
#include "launcher/plan/hub_places.h"
#include "launcher/plan/make_plan.h"
#include "launcher/plan/render_plan.h"

namespace temper::launch {
namespace {

struct PlanOptions {
  RecipeOptions recipe;
  bool full = false;
  bool without_model = false;
  bool json = false;
};

/// Without the model nothing is looked up on the Hub: such a plan needs no network.
recipe::Recipe plan_recipe(Context& context, const PlanOptions& options) {
  const RecipeOptions& given = options.recipe;
  if (!options.without_model) {
    return load_recipe(context, given.recipe, given.overrides).recipe;
  }
  const std::filesystem::path file =
      local_recipe(given.recipe, store_options(context), context.clock);
  return with_absolute_paths(recipe::read_recipe(file, given.overrides),
                             std::filesystem::current_path());
}

int plan(Context& context, const PlanOptions& options) {
  PlanRequest request;
  request.recipe = plan_recipe(context, options);
  request.stores = store_options(context);
  request.cluster = load_cluster(options.recipe, request.recipe.batch.slots);
  request.cache_dir = context.environment.cache_directory();
  request.cache_bytes = context.environment.cache_bytes();
  request.with_model = !options.without_model;
  request.full = options.full;
  request.num_threads = static_cast<int>(std::thread::hardware_concurrency());
  request.machine_memory_bytes = machine_memory_bytes();
  check_publishing(request.recipe, request.stores, context.clock);
  RunPlan plan = make_plan(request);

  const auto backend = make_backend(request.cluster.kind, context.clock, context.runner);
  const run::RunLayout layout{std::filesystem::path(request.recipe.checkpoint.to) /
                              (request.recipe.name + "-ID")};
  plan.backend = backend->name();
  plan.commands = backend->render(
      launch_spec(expected_trainer(context), request.cluster, layout, /*allow_changed=*/""));
  context.out << (options.json ? render_json(plan) : render_text(plan)) << std::flush;
  return 0;
}

}  // namespace

void add_plan(CLI::App& app, Action& action) {
  const auto options = std::make_shared<PlanOptions>();
  add_recipe_options(app, options->recipe);
  app.add_flag("--full", options->full, "Count the tokens of every sample and list offenders");
  app.add_flag("--without-model", options->without_model,
               "Show what can be told without the base model's files");
  app.add_flag("--json", options->json, "Print one JSON object");
  app.callback([&action, options] {
    action = [options](Context& context) { return plan(context, *options); };
  });
}

}  // namespace temper::launch
