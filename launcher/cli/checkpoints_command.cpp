#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/recipe/recipe_io.h"
#include "core/run/bucket_run.h"
#include "core/run/checkpoint_manifest.h"
#include "core/run/run_layout.h"
#include "core/storage/open_store.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/json_line.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

using run::CheckpointCandidate;

struct CheckpointsOptions {
  std::string place;
  std::string runs_root = "runs";
  std::vector<std::string> names;  ///< rm: which
  bool full = false;               ///< verify: read everything
  bool force = false;              ///< rm: the last good one too
  bool json = false;
};

bool has_checkpoints(const storage::ObjectStore& store) {
  return !store.list("step-").empty();
}

/// The store of the checkpoints: the place itself, the checkpoints of the run there, or those of
/// the run that is called so.
std::unique_ptr<storage::ObjectStore> open_checkpoints(Context& context,
                                                       const CheckpointsOptions& options) {
  std::error_code absent;
  if (storage::is_bucket_url(options.place)) {
    auto below = open_store_for(context, options.place + "/checkpoints");
    return has_checkpoints(*below) ? std::move(below) : open_store_for(context, options.place);
  }
  const std::filesystem::path place = options.place;
  if (std::filesystem::is_directory(place, absent) &&
      !std::filesystem::exists(run::RunLayout{place}.record(), absent)) {
    return open_store_for(context, place.string());
  }
  const run::RunLayout layout = find_run_anywhere(context, options.runs_root, options.place).layout;
  const std::string runs = recipe::read_recipe(layout.resolved()).checkpoint.to;
  return open_store_for(context, run::checkpoints_location(layout, runs));
}

std::uint64_t size_of(const CheckpointCandidate& candidate) {
  std::uint64_t bytes = 0;
  for (const run::CheckpointObject& object : candidate.manifest.objects) {
    bytes += object.size_bytes;
  }
  return bytes;
}

void show(Context& context, const std::vector<CheckpointCandidate>& found, bool json,
          const char* good) {
  for (const CheckpointCandidate& candidate : found) {
    if (json) {
      context.out << json_line({{"checkpoint", candidate.folder},
                                {"step", candidate.manifest.step},
                                {"objects", candidate.manifest.objects.size()},
                                {"bytes", size_of(candidate)},
                                {"problem", candidate.problem}})
                  << "\n";
      continue;
    }
    context.out << fmt::format("{:<26} {:>3} objects {:>14} bytes  {}\n", candidate.folder,
                               candidate.manifest.objects.size(), size_of(candidate),
                               candidate.problem.empty() ? good : candidate.problem);
  }
}

int list(Context& context, const CheckpointsOptions& options) {
  const auto store = open_checkpoints(context, options);
  const auto found = run::list_checkpoints(*store, {});
  show(context, found, options.json, "committed");
  if (found.empty() && !options.json) {
    context.out << "no checkpoints in " << store->url() << "\n";
  }
  context.out.flush();
  return 0;
}

/// 78 unless the newest committed one is whole: what a resume would take.
int verify(Context& context, const CheckpointsOptions& options) {
  const auto store = open_checkpoints(context, options);
  const auto found =
      run::list_checkpoints(*store, options.full ? run::Depth::kFull : run::Depth::kQuick);
  show(context, found, options.json, "whole");
  context.out.flush();
  std::size_t num_damaged = 0;
  for (const CheckpointCandidate& candidate : found) {
    num_damaged += candidate.problem.empty() || candidate.manifest.objects.empty() ? 0U : 1U;
  }
  if (num_damaged > 0) {
    throw FatalError(fmt::format("{}: {} of {} checkpoints are damaged; resume passes over them",
                                 store->url(), num_damaged, found.size()));
  }
  return 0;
}

int remove(Context& context, const CheckpointsOptions& options) {
  const auto store = open_checkpoints(context, options);
  const auto found = run::find_checkpoint(*store);
  const std::string newest =
      !found.empty() && found.back().problem.empty() ? found.back().folder : "";
  for (const std::string& name : options.names) {
    if (name == newest && !options.force) {
      throw UserError(fmt::format(
          "{} is the newest whole checkpoint, the one to resume from; --force removes it all the "
          "same",
          name));
    }
  }
  for (const std::string& name : options.names) {
    run::remove_checkpoint(*store, name);
    context.out << (options.json ? json_line({{"removed", name}}) : "removed " + name) << std::endl;
  }
  return 0;
}

CLI::App& add_action(CLI::App& app, Action& action, const char* name, const char* summary,
                     const std::shared_ptr<CheckpointsOptions>& options,
                     int (*act)(Context&, const CheckpointsOptions&)) {
  CLI::App& verb = *app.add_subcommand(name, summary);
  verb.add_option("PLACE", options->place,
                  "A run (folder, id, name or URL), or a folder or URL of checkpoints")
      ->required();
  verb.add_option("--runs", options->runs_root,
                  "The folder of runs, or its URL in a bucket (default: runs)");
  verb.add_flag("--json", options->json, "Print one JSON object a line");
  verb.callback([&action, options, act] {
    action = [options, act](Context& context) { return act(context, *options); };
  });
  return verb;
}

}  // namespace

void add_checkpoints(CLI::App& app, Action& action) {
  const auto options = std::make_shared<CheckpointsOptions>();
  app.require_subcommand(1);
  add_action(app, action, "ls", "List checkpoints, newest first", options, list);
  CLI::App& check = add_action(app, action, "verify",
                               "Check sizes and checksums, without a download where the service "
                               "tells checksums",
                               options, verify);
  check.add_flag("--full", options->full, "Read every byte and compare SHA-256 too");
  CLI::App& removal =
      add_action(app, action, "rm", "Remove checkpoints and nothing else", options, remove);
  removal.add_option("NAME", options->names, "Which, like step-00000050.a1b2c3d4")->required();
  removal.add_flag("--force", options->force, "Also the newest whole one");
}

}  // namespace temper::launch
