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

PreparedRun prepare_run(Context& context, const RecipeOptions& options, const std::string& name,
                        const SweepPoint& point) {
  RecipeOptions with_point = options;
  with_point.overrides.insert(with_point.overrides.end(), point.overrides.begin(),
                              point.overrides.end());
  const recipe::Cluster given = read_cluster_of(options);
  LoadedRecipe loaded = load_recipe_for(context, with_point, name, given);
  if (!point.name_suffix.empty()) {
    loaded = load_recipe_for(context, with_point, loaded.recipe.name + point.name_suffix, given);
  }
  recipe::Recipe& resolved = loaded.recipe;
  const recipe::Cluster cluster = load_cluster(options);
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
