#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/machine_memory.h"
#include "core/recipe/recipe_io.h"
#include "core/run/run_layout.h"
#include "launcher/backends/backend.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/local_gpus.h"
#include "launcher/cli/new_run.h"
#include "launcher/cli/plan_request.h"
#include "launcher/cli/preflight.h"
#include "launcher/cli/prepared_run.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/sweep.h"
#include "launcher/cli/verbs.h"
#include "launcher/plan/absolute_paths.h"
#include "launcher/plan/estimates.h"
#include "launcher/plan/hub_places.h"
#include "launcher/plan/make_plan.h"
#include "launcher/plan/render_plan.h"

namespace temper::launch {
namespace {

struct PlanOptions {
  RecipeOptions recipe;
  bool full = false;
  bool without_model = false;
  bool gpus = false;
  bool json = false;
  std::vector<std::string> sweep;
};

/// Without the model nothing is looked up on the Hub: such a plan needs no network.
recipe::Recipe plan_recipe(Context& context, const PlanOptions& options, const SweepPoint& point,
                           const recipe::Cluster& cluster) {
  const RecipeOptions& given = options.recipe;
  if (!options.without_model) {
    return load_recipe_at(context, given, /*name=*/"", point, cluster).recipe;
  }
  const std::filesystem::path file =
      local_recipe(given.recipe, store_options(context), context.clock);
  std::vector<std::string> overrides = given.overrides;
  overrides.insert(overrides.end(), point.overrides.begin(), point.overrides.end());
  recipe::Recipe recipe = recipe::read_recipe(file, overrides);
  recipe.name += point.name_suffix;
  if (!cluster.runs.empty()) {
    recipe.checkpoint.to = cluster.runs;
  }
  return with_absolute_paths(std::move(recipe), std::filesystem::current_path());
}

/// Of all nodes together; 0: not known.
std::uint64_t memory_of_cluster(const recipe::Cluster& cluster) {
  constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;
  if (cluster.resources.memory_gib > 0) {
    return static_cast<std::uint64_t>(cluster.resources.memory_gib * kGibibyte) *
           static_cast<std::uint64_t>(cluster.nodes);
  }
  return cluster.kind == recipe::ClusterKind::kLocal ? machine_memory_bytes() : 0;
}

/// All but the job.
PreparedRun plan_point(Context& context, const PlanOptions& options, const SweepPoint& point) {
  const recipe::Cluster given = read_cluster_of(options.recipe);
  const recipe::Recipe recipe = plan_recipe(context, options, point, given);
  PlanRequest request = plan_request(context, recipe, load_cluster(options.recipe));
  check_local_gpus(context, request.cluster);
  request.with_model = !options.without_model;
  request.full = options.full;
  request.gpus = options.gpus;
  request.num_threads = static_cast<int>(std::thread::hardware_concurrency());
  request.machine_memory_bytes = memory_of_cluster(request.cluster);
  check_publishing(request.recipe, request.stores, context.clock);
  RunPlan plan = make_plan(request);
  add_estimates(request.cluster, plan);
  if (request.cluster.kind != recipe::ClusterKind::kLocal) {
    check_before_submit(context, request.cluster, request.recipe.checkpoint.to, plan);
  }
  return {std::move(request.recipe), options.recipe.recipe, std::move(request.cluster),
          std::move(plan)};
}

/// What would be sent: with the first run that it is for, if it is for several.
void add_jobs(Context& context, std::vector<PreparedRun>& runs) {
  std::vector<JobSpec> jobs;
  for (PreparedRun& run : runs) {
    jobs.push_back(job_to_come(context, run));
    if (run.cluster.kind != recipe::ClusterKind::kLocal) {
      rehearse(*backend_for(context, run.cluster), jobs.back(), run.plan);
    }
  }
  const auto backend = backend_for(context, runs.front().cluster);
  if (const auto sweep = go_together(runs) ? backend->sweep_job() : nullptr) {
    add_job(sweep->render(jobs), backend->name(), runs.front().plan);
    for (auto run = runs.begin() + 1; run != runs.end(); ++run) {
      run->plan.backend = backend->name();
      run->plan.notes.push_back("is submitted with " + runs.front().plan.name + ", as one job");
    }
    return;
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    add_job(*backend_for(context, runs[i].cluster), jobs[i], runs[i].plan);
  }
}

int plan(Context& context, const PlanOptions& options) {
  std::vector<PreparedRun> runs;
  for (const SweepPoint& point : sweep_points(options.sweep)) {
    runs.push_back(plan_point(context, options, point));
  }
  add_jobs(context, runs);
  const char* between = "";
  for (const PreparedRun& run : runs) {
    context.out << between << (options.json ? render_json(run.plan) : render_text(run.plan));
    between = "\n";
  }
  context.out << std::flush;
  return 0;
}

}  // namespace

void add_plan(CLI::App& app, Action& action) {
  const auto options = std::make_shared<PlanOptions>();
  add_recipe_options(app, options->recipe);
  app.add_flag("--full", options->full, "Count the tokens of every sample and list offenders");
  app.add_flag("--without-model", options->without_model,
               "Show what can be told without the base model's files");
  app.add_flag("--gpus", options->gpus,
               "Estimate memory and speed on common GPUs, even if the cluster has none");
  app.add_option("--sweep", options->sweep,
                 "Plan one run for each value, as submit --sweep would make them; repeatable")
      ->allow_extra_args(false);
  app.add_flag("--json", options->json, "Print one JSON object a run");
  app.callback([&action, options] {
    action = [options](Context& context) { return plan(context, *options); };
  });
}

}  // namespace temper::launch
