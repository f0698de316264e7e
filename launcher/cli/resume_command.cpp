#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/http/url.h"
#include "core/recipe/recipe_io.h"
#include "core/run/bucket_run.h"
#include "core/run/run_lock.h"
#include "core/storage/open_store.h"
#include "launcher/backends/secret_file.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/foreground.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/new_run.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/submission.h"
#include "launcher/cli/trainer_location.h"
#include "launcher/cli/verbs.h"
#include "launcher/plan/absolute_paths.h"

namespace temper::launch {
namespace {

struct ResumeOptions {
  std::string run;
  std::string runs_root = "runs";
  std::string allow_changed;
  RecipeOptions changes;  ///< all but the recipe itself
  std::string trace;
  bool json = false;
};

bool allows(const std::string& list, std::string_view what) {
  return ("," + list + ",").find("," + std::string(what) + ",") != std::string::npos;
}

/// Writes the recipe with the changes of --set, keeping the one of the last attempt beside it.
void change_recipe(const run::RunLayout& layout, const run::RunRecord& record,
                   const ResumeOptions& options) {
  const recipe::Recipe old = recipe::read_recipe(layout.resolved());
  const recipe::Recipe now =
      with_absolute_paths(recipe::read_recipe(layout.resolved(), options.changes.overrides),
                          std::filesystem::current_path());
  const std::string difference = recipe::describe_difference(old, now);
  if (!difference.empty() && !allows(options.allow_changed, "recipe")) {
    throw UserError(fmt::format(
        "{}: --set changes what decides the result:\n{}\nresume without it, or allow it with "
        "--allow-changed recipe",
        layout.root.string(), difference));
  }
  const std::string last = record.attempts.empty() ? "first" : record.attempts.back().id;
  write_run_file(layout, layout.resolved_before(last), read_text(layout.resolved()));
  write_run_file(layout, layout.resolved(), recipe::dump(now));
}

/// The run's own cluster file unless --on names another, settled anew where ranks change.
recipe::Cluster choose_cluster(const run::RunLayout& layout, RecipeOptions changes) {
  if (changes.cluster.empty()) {
    changes.cluster = layout.cluster();
    if (changes.ranks && !changes.slot_workers) {
      changes.slot_workers = 0;  // the stored number was settled for other ranks
    }
  }
  return load_cluster(changes);
}

/// A run that was copied to another bucket, or is named through another URL, goes on where it is.
void settle_in_bucket(const run::RunLayout& layout, const std::string& given) {
  const std::string url = http::without_last_slashes(given);
  recipe::Recipe resolved = recipe::read_recipe(layout.resolved());
  const std::string runs = url.substr(0, url.rfind('/'));
  if (resolved.checkpoint.to != runs) {
    resolved.checkpoint.to = runs;
    write_run_file(layout, layout.resolved(), recipe::dump(resolved));
  }
}

/// Here or in the run's bucket.
bool has_result(const run::RunLayout& layout, const recipe::Recipe& recipe) {
  const bool is_there =
      std::filesystem::exists(layout.adapter()) || std::filesystem::exists(layout.model());
  const bool wants_merged = recipe.publish.form == recipe::PublishForm::kMerged;
  return (is_there && (!wants_merged || std::filesystem::exists(layout.merged()))) ||
         !run::bucket_url(layout, recipe.checkpoint.to).empty();
}

/// A job that waits holds no lock. One that was never heard of is submitted again.
void refuse_active_job(Context& context, const FoundRun& found) {
  if (found.record.backend == "local" || found.record.job.empty()) {
    return;
  }
  const BackendState state = backend_of(context, found)->state(found.record);
  if (is_active(state.state)) {
    throw UserError(fmt::format("run {} is {} already: {}", found.record.id,
                                run::run_state_name(state.state), state.note));
  }
}

int resume(Context& context, const ResumeOptions& options) {
  const FoundRun found = find_run_anywhere(context, options.runs_root, options.run);
  const run::RunLayout layout = found.layout;
  const run::RunLock lock(layout);
  refuse_active_job(context, found);
  const run::RunRecord record =
      *run::read_run_record(layout);  // as it is now that we hold the lock
  if (storage::is_bucket_url(options.run)) {
    settle_in_bucket(layout, options.run);
  }
  // A finished run goes on only to write its result again: one that is lost, or has other names.
  const recipe::Recipe earlier = recipe::read_recipe(layout.resolved());
  if (record.state == run::RunState::kDone && options.changes.overrides.empty() &&
      has_result(layout, earlier)) {
    copy_to_bucket(context, layout, earlier.checkpoint.to);  // what could not be copied then
    context.out << "run " << record.id << " is already done: nothing to resume" << std::endl;
    return 0;
  }
  if (!options.changes.overrides.empty()) {
    change_recipe(layout, record, options);
  }
  const recipe::Recipe resolved = recipe::read_recipe(layout.resolved());
  const recipe::Cluster cluster = choose_cluster(layout, options.changes);
  const JobSpec job =
      job_spec(context, cluster, layout, resolved.checkpoint.to, options.allow_changed);
  if (cluster.kind != recipe::ClusterKind::kLocal) {
    write_run_file(layout, layout.cluster(), recipe::dump(cluster));
    const auto backend = backend_for(context, cluster);
    const run::RunRecord now = hand_over(context, *backend, job, record, resolved.checkpoint.to);
    tell_submitted(context, now, layout, options.json);
    return 0;
  }
  SystemSignals signals;
  ForegroundRun run{cluster, record, job.launch, resolved.checkpoint.to, options.json};
  run.record.backend = "local";
  run.record.job.clear();
  run.spec.trainer = find_trainer(context);
  run.spec.environment.merge(read_secrets(cluster.secrets));
  write_run_file(layout, layout.cluster(), recipe::dump(cluster));
  context.err << fmt::format("resuming {}: {} ranks x {} slot workers\n", record.id, cluster.ranks,
                             cluster.slot_workers);
  run.spec.trace = options.trace;
  return run_in_foreground(context, run, signals);
}

void check_allowed(const std::string& list) {
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string what = list.substr(begin, end - begin);
    if (what != "recipe" && what != "data" && what != "model" && what != "device") {
      throw CLI::ValidationError(
          "--allow-changed",
          "'" + what + "' is none of recipe, data, model, device (a list is separated by commas)");
    }
    begin = end + 1;
  }
}

}  // namespace

void add_resume(CLI::App& app, Action& action) {
  const auto options = std::make_shared<ResumeOptions>();
  app.add_option("RUN", options->run, "The run: its folder, id, name or URL in a bucket")
      ->required();
  app.add_option("--runs", options->runs_root,
                 "The folder of runs, or its URL in a bucket (default: runs)");
  app.add_option("--set", options->changes.overrides, "Change a key of the recipe; repeatable")
      ->allow_extra_args(false);
  add_cluster_options(app, options->changes);
  app.add_option("--allow-changed", options->allow_changed,
                 "Go on although these changed: recipe,data,model,device or a part of it");
  add_trace_option(app, options->trace);
  app.add_flag("--json", options->json,
               "Print the progress records as JSON lines; on a cluster: one object, as submit");
  app.callback([&action, options] {
    if (!options->allow_changed.empty()) {
      check_allowed(options->allow_changed);
    }
    action = [options](Context& context) { return resume(context, *options); };
  });
}

}  // namespace temper::launch
