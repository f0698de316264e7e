#include "launcher/cli/prepared_run.h"

#include <ostream>
#include <utility>

#include "core/recipe/recipe_io.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/local_gpus.h"
#include "launcher/cli/new_run.h"
#include "launcher/cli/plan_request.h"
#include "launcher/cli/preflight.h"
#include "launcher/cli/submission.h"
#include "launcher/plan/hub_places.h"
#include "launcher/plan/make_plan.h"
#include "launcher/plan/render_plan.h"

namespace temper::launch {

LoadedRecipe load_recipe_at(Context& context, const RecipeOptions& options, const std::string& name,
                            const SweepPoint& point, const recipe::Cluster& cluster) {
  RecipeOptions with_point = options;
  with_point.overrides.insert(with_point.overrides.end(), point.overrides.begin(),
                              point.overrides.end());
  LoadedRecipe loaded = load_recipe_for(context, with_point, name, cluster);
  if (!point.name_suffix.empty()) {
    loaded = load_recipe_for(context, with_point, loaded.recipe.name + point.name_suffix, cluster);
  }
  return loaded;
}

JobSpec job_to_come(const Context& context, const PreparedRun& run) {
  const run::RunLayout layout =
      run_layout(run.resolved, run.resolved.name + "-ID", context.environment.cache_directory());
  return job_spec(context, run.cluster, layout, run.resolved.checkpoint.to, /*allow_changed=*/"");
}

PreparedRun prepare_run(Context& context, const RecipeOptions& options, const std::string& name,
                        const SweepPoint& point) {
  LoadedRecipe loaded = load_recipe_at(context, options, name, point, read_cluster_of(options));
  PreparedRun run{std::move(loaded.recipe), loaded.file, load_cluster(options), {}};
  check_local_gpus(context, run.cluster);
  const PlanRequest request = plan_request(context, run.resolved, run.cluster);
  check_publishing(run.resolved, request.stores, context.clock);
  run.plan = make_plan(request);
  check_before_submit(context, run.cluster, run.resolved.checkpoint.to, run.plan);
  throw_if_failed(run.plan);
  rehearse(*backend_for(context, run.cluster), job_to_come(context, run), run.plan);
  throw_if_failed(run.plan);
  return run;
}

bool go_together(const std::vector<PreparedRun>& runs) {
  const PreparedRun& first = runs.front();
  return runs.size() > 1 && std::all_of(runs.begin(), runs.end(), [&](const PreparedRun& run) {
           return run.cluster == first.cluster &&
                  run.resolved.checkpoint.to == first.resolved.checkpoint.to;
         });
}

MadeRun make_run(Context& context, PreparedRun& prepared, bool is_sweep) {
  const std::string& runs = prepared.resolved.checkpoint.to;
  const std::string resolved = recipe::dump(prepared.resolved);
  const std::string cluster = recipe::dump(prepared.cluster);
  MadeRun made;
  if (auto earlier = find_earlier_run(context, runs, prepared.resolved.name, resolved, cluster)) {
    made.layout = earlier->run.layout;
    made.record = earlier->run.record;
    made.is_submitted = earlier->is_submitted;
    if (made.is_submitted && !is_sweep) {
      refuse_name(*earlier);
    }
    context.err << made.record.id
                << (made.is_submitted ? " is submitted already"
                                      : " was being submitted before: going on with it")
                << std::endl;
  } else {
    NewRun created =
        create_run(prepared.resolved, context.environment.cache_directory(), context.clock);
    made.layout = created.layout;
    made.record = created.record;
  }
  made.job = job_spec(context, prepared.cluster, made.layout, runs, /*allow_changed=*/"");
  if (made.is_submitted) {
    return made;
  }
  made.lock = std::make_unique<run::RunLock>(made.layout);
  write_run_file(made.layout, made.layout.recipe(), read_text(prepared.file));
  write_run_file(made.layout, made.layout.resolved(), resolved);
  write_run_file(made.layout, made.layout.cluster(), cluster);
  add_job(*backend_for(context, prepared.cluster), made.job, prepared.plan);
  write_run_file(made.layout, made.layout.plan(), render_yaml(prepared.plan));
  return made;
}

}  // namespace temper::launch
