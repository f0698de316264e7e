#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/recipe/recipe_io.h"
#include "core/run/run_lock.h"
#include "launcher/backends/backend.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/local_gpus.h"
#include "launcher/cli/new_run.h"
#include "launcher/cli/plan_request.h"
#include "launcher/cli/preflight.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/submission.h"
#include "launcher/cli/sweep.h"
#include "launcher/cli/verbs.h"
#include "launcher/plan/hub_places.h"
#include "launcher/plan/make_plan.h"
#include "launcher/plan/render_plan.h"

namespace temper::launch {
namespace {

struct SubmitOptions {
  RecipeOptions recipe;
  std::string name;
  std::vector<std::string> sweep;
  bool json = false;
};

/// One run to submit, with all that the user could mend found already.
struct PreparedRun {
  recipe::Recipe resolved;
  std::filesystem::path file;  ///< the recipe as given
  recipe::Cluster cluster;
  RunPlan plan;
};

PreparedRun prepare(Context& context, const SubmitOptions& options, const SweepPoint& point) {
  RecipeOptions with_point = options.recipe;
  with_point.overrides.insert(with_point.overrides.end(), point.overrides.begin(),
                              point.overrides.end());
  const recipe::Cluster given = read_cluster_of(options.recipe);
  LoadedRecipe loaded = load_recipe_for(context, with_point, options.name, given);
  if (!point.name_suffix.empty()) {
    loaded = load_recipe_for(context, with_point, loaded.recipe.name + point.name_suffix, given);
  }
  recipe::Recipe& resolved = loaded.recipe;
  const recipe::Cluster cluster = load_cluster(options.recipe);
  check_local_gpus(context, cluster);
  const PlanRequest request = plan_request(context, resolved, cluster);
  check_publishing(resolved, request.stores, context.clock);
  RunPlan plan = make_plan(request);
  check_before_submit(context, cluster, resolved.checkpoint.to, plan);
  throw_if_failed(plan);
  rehearse(
      *backend_for(context, cluster),
      job_spec(context, cluster, run_layout(resolved, resolved.name + "-ID", request.cache_dir),
               resolved.checkpoint.to, /*allow_changed=*/""),
      plan);
  throw_if_failed(plan);
  return {std::move(resolved), loaded.file, cluster, std::move(plan)};
}

/// The run as it is after its job was handed over.
run::RunRecord submit_one(Context& context, PreparedRun& prepared) {
  const std::string& runs = prepared.resolved.checkpoint.to;
  const std::string resolved = recipe::dump(prepared.resolved);
  const std::string cluster = recipe::dump(prepared.cluster);
  NewRun made;
  if (const auto found =
          find_unconfirmed_run(context, runs, prepared.resolved.name, resolved, cluster)) {
    made = {found->layout, found->record};
    context.err << made.record.id << " was being submitted before: going on with it" << std::endl;
  } else {
    made = create_run(prepared.resolved, context.environment.cache_directory(), context.clock);
  }
  const run::RunLock lock(made.layout);
  write_run_file(made.layout, made.layout.recipe(), read_text(prepared.file));
  write_run_file(made.layout, made.layout.resolved(), resolved);
  write_run_file(made.layout, made.layout.cluster(), cluster);
  const auto backend = backend_for(context, prepared.cluster);
  const JobSpec job = job_spec(context, prepared.cluster, made.layout, runs, /*allow_changed=*/"");
  add_job(*backend, job, prepared.plan);
  write_run_file(made.layout, made.layout.plan(), render_yaml(prepared.plan));
  return hand_over(context, *backend, job, made.record, runs);
}

void tell(Context& context, const run::RunRecord& record, const run::RunLayout& layout, bool json) {
  if (json) {
    const nlohmann::ordered_json line = {{"id", record.id},
                                         {"name", record.name},
                                         {"backend", record.backend},
                                         {"job", record.job},
                                         {"folder", layout.root.string()}};
    context.out << line.dump() << std::endl;
  } else {
    context.out << record.id
                << (record.job.empty() ? ""
                                       : fmt::format(" ({} job {})", record.backend, record.job))
                << std::endl;
  }
}

int submit(Context& context, const SubmitOptions& options) {
  std::vector<PreparedRun> runs;
  for (const SweepPoint& point : sweep_points(options.sweep)) {
    runs.push_back(prepare(context, options, point));
  }
  for (PreparedRun& prepared : runs) {
    const run::RunRecord record = submit_one(context, prepared);
    tell(context, record,
         run_layout(prepared.resolved, record.id, context.environment.cache_directory()),
         options.json);
  }
  if (!options.json) {
    context.err << "`temper status RUN`, `temper logs -f RUN` and `temper cancel RUN` go on from "
                   "here"
                << std::endl;
  }
  return 0;
}

}  // namespace

void add_submit(CLI::App& app, Action& action) {
  const auto options = std::make_shared<SubmitOptions>();
  add_recipe_options(app, options->recipe);
  app.add_option("--name", options->name, "Name of the run, over the recipe's");
  app.add_option("--sweep", options->sweep,
                 "One run for each value: --sweep optimizer.lr=1e-4,2e-4; repeatable")
      ->allow_extra_args(false);
  app.add_flag("--json", options->json, "Print one JSON object a run");
  app.callback([&action, options] {
    action = [options](Context& context) { return submit(context, *options); };
  });
}

}  // namespace temper::launch
