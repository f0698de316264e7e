#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/backends/backend.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/prepared_run.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/submission.h"
#include "launcher/cli/sweep.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct SubmitOptions {
  RecipeOptions recipe;
  std::string name;
  std::vector<std::string> sweep;
  bool json = false;
};

/// All runs as one job. Those that an earlier command handed over stay with that job, and so do
/// those whose part in it was not noted any more.
void submit_together(Context& context, const std::string& backend, SweepJob& sweep,
                     std::vector<PreparedRun>& prepared, bool json) {
  std::vector<MadeRun> runs;
  std::vector<JobSpec> all;
  std::vector<JobSpec> missing;
  std::vector<run::RunRecord> records;
  for (PreparedRun& run : prepared) {
    const MadeRun& made = runs.emplace_back(make_run(context, run, /*is_sweep=*/true));
    all.push_back(made.job);
    if (!made.is_submitted) {
      missing.push_back(made.job);
      records.push_back(made.record);
    }
  }
  const bool is_partial = !missing.empty() && missing.size() < all.size();
  const auto names = is_partial ? sweep.find(all) : std::nullopt;
  if (!names && !missing.empty()) {
    hand_over_sweep(context, backend, sweep, missing, records,
                    prepared.front().resolved.checkpoint.to);
  }
  auto record = records.begin();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].is_submitted) {
      runs[i].record = *record++;
      if (names) {
        runs[i].record.job = names->at(i);
        run::write_run_record(runs[i].layout, runs[i].record);
      }
    }
    tell_submitted(context, runs[i].record, runs[i].layout, json);
  }
}

int submit(Context& context, const SubmitOptions& options) {
  std::vector<PreparedRun> prepared;
  const std::vector<SweepPoint> points = sweep_points(options.sweep);
  for (const SweepPoint& point : points) {
    prepared.push_back(prepare_run(context, options.recipe, options.name, point));
  }
  const bool is_sweep = points.size() > 1;
  const auto backend = backend_for(context, prepared.front().cluster);
  if (const auto sweep = go_together(prepared) ? backend->sweep_job() : nullptr) {
    submit_together(context, backend->name(), *sweep, prepared, options.json);
  } else {
    for (PreparedRun& run : prepared) {
      MadeRun made = make_run(context, run, is_sweep);
      if (!made.is_submitted) {
        made.record = hand_over(context, *backend_for(context, run.cluster), made.job, made.record,
                                run.resolved.checkpoint.to);
      }
      tell_submitted(context, made.record, made.layout, options.json);
    }
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
