#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/recipe/recipe_io.h"
#include "core/run/run_lock.h"
#include "launcher/backends/backend.h"
#include "launcher/backends/secret_file.h"
#include "launcher/cli/foreground.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/local_gpus.h"
#include "launcher/cli/new_run.h"
#include "launcher/cli/plan_request.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/trainer_location.h"
#include "launcher/cli/verbs.h"
#include "launcher/plan/hub_places.h"
#include "launcher/plan/make_plan.h"
#include "launcher/plan/render_plan.h"

namespace temper::launch {
namespace {

struct RunOptions {
  RecipeOptions recipe;
  std::string name;
  std::string trace;
  bool json = false;
};

int run(Context& context, const RunOptions& options) {
  const LoadedRecipe loaded =
      load_recipe_for(context, options.recipe, options.name, read_cluster_of(options.recipe));
  const recipe::Recipe& resolved = loaded.recipe;
  const recipe::Cluster cluster = load_cluster(options.recipe);
  if (cluster.kind != recipe::ClusterKind::kLocal) {
    throw UserError(fmt::format(
        "{}: kind {} runs in the background: `temper submit {} --on {}`, then `temper logs -f`",
        options.recipe.cluster, recipe::name_of(cluster.kind), options.recipe.recipe,
        options.recipe.cluster));
  }

  // Everything that the user could mend is found before anything is written.
  const std::filesystem::path trainer = find_trainer(context);
  check_local_gpus(context, cluster);
  const auto secrets = read_secrets(cluster.secrets);
  const PlanRequest request = plan_request(context, resolved, cluster);
  check_publishing(resolved, request.stores, context.clock);
  RunPlan plan = make_plan(request);

  const NewRun made = create_run(resolved, request.cache_dir, context.clock);
  const run::RunLock lock(made.layout);
  write_run_file(made.layout, made.layout.recipe(), read_text(loaded.file));
  write_run_file(made.layout, made.layout.resolved(), recipe::dump(resolved));
  write_run_file(made.layout, made.layout.cluster(), recipe::dump(cluster));
  JobSpec job =
      job_spec(context, cluster, made.layout, resolved.checkpoint.to, /*allow_changed=*/"");
  job.launch.trace = options.trace;
  add_job(*backend_for(context, cluster), job, plan);
  write_run_file(made.layout, made.layout.plan(), render_yaml(plan));
  run::write_run_record(made.layout, made.record);
  context.err << fmt::format("run {}: {} ranks x {} slot workers, in {}\n", made.record.id,
                             cluster.ranks, cluster.slot_workers, made.layout.root.string());
  SystemSignals signals;
  ForegroundRun foreground{cluster, made.record, job.launch, resolved.checkpoint.to, options.json};
  foreground.spec.trainer = trainer;
  foreground.spec.environment.insert(secrets.begin(), secrets.end());
  return run_in_foreground(context, foreground, signals);
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  const auto options = std::make_shared<RunOptions>();
  add_recipe_options(app, options->recipe);
  app.add_option("--name", options->name, "Name of the run, over the recipe's");
  add_trace_option(app, options->trace);
  app.add_flag("--json", options->json, "Print the progress records as JSON lines");
  app.callback([&action, options] {
    action = [options](Context& context) { return run(context, *options); };
  });
}

}  // namespace temper::launch
