#include "launcher/cli/job_spec.h"

#include "core/recipe/recipe_io.h"
#include "core/run/bucket_run.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/foreground.h"
#include "launcher/cli/trainer_location.h"

namespace temper::launch {

JobSpec job_spec(const Context& context, const recipe::Cluster& cluster,
                 const run::RunLayout& layout, const std::string& runs,
                 const std::string& allow_changed) {
  JobSpec spec;
  spec.run_id = layout.root.filename().string();
  spec.cluster = cluster;
  spec.launch =
      launch_spec(context.executable, expected_trainer(context), cluster, layout, allow_changed);
  spec.program = context.executable;
  spec.place = layout.root.string();
  if (cluster.kind == recipe::ClusterKind::kKubernetes ||
      cluster.kind == recipe::ClusterKind::kVertex) {
    spec.place = run::bucket_url(layout, runs);
  }
  if (const std::string& program = cluster.slurm.program; !program.empty()) {
    spec.program = program;
    spec.launch.trainer = spec.program.parent_path() / "temper-trainer";
  }
  return spec;
}

void add_job(const Backend& backend, const JobSpec& spec, RunPlan& plan) {
  add_job(backend.render(spec), backend.name(), plan);
}

void add_job(RenderedJob job, const std::string& backend, RunPlan& plan) {
  plan.backend = backend;
  plan.commands = std::move(job.commands);
  for (JobFile& file : job.files) {
    plan.files.push_back({std::move(file.name), std::move(file.content)});
  }
}

std::unique_ptr<Backend> backend_for(const Context& context, const recipe::Cluster& cluster) {
  return make_backend(cluster, {context.runner, context.clock, context.environment});
}

std::unique_ptr<Backend> backend_of(Context& context, const FoundRun& found) {
  recipe::Cluster cluster;
  if (found.record.backend != recipe::name_of(recipe::ClusterKind::kLocal)) {
    cluster = recipe::read_cluster(found.layout.cluster());
  }
  return backend_for(context, cluster);
}

BackendState state_now(Context& context, FoundRun& found) {
  const auto backend = backend_of(context, found);
  const BackendState state = backend->state(found.record);
  if (!is_active(found.record.state) || is_active(state.state)) {
    return state;
  }
  // The run may have written its end after its record was read and before the scheduler was asked.
  const std::string url =
      run::bucket_url(found.layout, recipe::read_recipe(found.layout.resolved()).checkpoint.to);
  found =
      url.empty() ? find_run("", found.layout.root.string()) : find_run_anywhere(context, "", url);
  return backend->state(found.record);
}

}  // namespace temper::launch
