#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "core/base/error.h"
#include "core/http/url.h"
#include "core/hub/open_hub.h"
#include "core/recipe/recipe_io.h"
#include "core/run/bucket_run.h"
#include "core/storage/local_copy.h"
#include "core/storage/open_store.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/checkpoint_push.h"
#include "launcher/cli/run_push.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct PushOptions {
  std::string run;
  std::string runs_root = "runs";
  std::string hub;
  std::optional<std::string> revision;
  bool make_private = false;
  bool make_public = false;
  bool create_pr = false;
  bool json = false;
};

storage::OpenOptions open_options(const Context& context) {
  storage::OpenOptions options;
  options.environment = context.environment;
  options.logger = Logger(LogLevel::kWarning);
  return options;
}

hub::PushTarget chosen_target(const PushOptions& options, const recipe::Publish& publish) {
  hub::PushTarget target = push_target(publish);
  if (!options.hub.empty()) {
    target.repository = options.hub;
    hub::check_repository_name(options.hub, "--hub");
  }
  target.revision = options.revision.value_or(target.revision);
  target.make_private = options.make_private || (target.make_private && !options.make_public);
  target.create_pr = target.create_pr || options.create_pr;
  return target;
}

/// The finished result; from the run's bucket if it is not here. nullopt: there is none.
std::optional<RunResult> find_result(Context& context, const run::RunLayout& layout,
                                     const recipe::Publish& publish, const std::string& bucket) {
  const std::vector<std::filesystem::path> folders = result_folders(layout, publish);
  for (const std::filesystem::path& folder : folders) {
    std::error_code absent;
    if (std::filesystem::exists(folder, absent)) {
      return RunResult{folder, "final"};
    }
  }
  if (bucket.empty()) {
    return std::nullopt;
  }
  const auto store = open_store_for(context, bucket);
  for (const std::filesystem::path& folder : folders) {
    const std::string name = folder.filename().string();
    if (!store->list(name + "/").empty()) {
      return RunResult{
          storage::local_copy(bucket + "/" + name, context.environment.cache_directory(),
                              open_options(context), context.clock),
          "final"};
    }
  }
  return std::nullopt;
}

/// So that other machines know what is pushed.
void copy_marks(Context& context, const run::RunLayout& layout, const std::string& bucket) {
  const auto store = open_store_for(context, bucket);
  for (const hub::OutboxEntry& entry : hub::Outbox(layout.outbox()).list()) {
    if (!entry.done) {
      continue;
    }
    const std::string key = "outbox/" + entry.folder.filename().string();
    for (const auto& [name, text] : {std::pair("entry.json", to_json(entry.manifest)),
                                     std::pair("pushed.json", to_json(*entry.done))}) {
      store->write(fmt::format("{}/{}", key, name), std::as_bytes(std::span(text)));
    }
  }
}

void tell_nothing_to_do(std::ostream& out, const run::RunLayout& layout,
                        const hub::PushTarget& target) {
  std::string where;
  for (const hub::OutboxEntry& entry : hub::Outbox(layout.outbox()).list()) {
    if (entry.done && entry.manifest.target.repository == target.repository) {
      where =
          fmt::format(": {} is at {} since {}", entry.manifest.content,
                      entry.done->pull_request.empty() ? entry.done->url : entry.done->pull_request,
                      entry.done->pushed);
    }
  }
  out << "nothing to push" << where << std::endl;
}

/// A recipe that publishes the best does not get the last, unless that is asked for by --hub.
bool wants_final(const PushOptions& options, const recipe::Recipe& recipe,
                 const run::RunLayout& layout) {
  return !options.hub.empty() || recipe.publish.when != recipe::PublishWhen::kBest ||
         is_last_best(read_progress(layout.progress()), steps_in_outbox(layout));
}

int push(Context& context, const PushOptions& options) {
  const FoundRun found = find_run_anywhere(context, options.runs_root, options.run);
  const recipe::Recipe resolved = recipe::read_recipe(found.layout.resolved());
  const std::string bucket = storage::is_bucket_url(options.run)
                                 ? http::without_last_slashes(options.run)
                                 : run::bucket_url(found.layout, resolved.checkpoint.to);
  const hub::PushTarget target = chosen_target(options, resolved.publish);
  const bool is_done = found.record.state == run::RunState::kDone;
  const auto result =
      is_done ? find_result(context, found.layout, resolved.publish, bucket) : std::nullopt;
  if (found.record.state != run::RunState::kRunning) {  // else its launcher does
    put_checkpoints(found.layout, found.record, resolved, context.clock);
  }
  const auto waiting = hub::Outbox(found.layout.outbox()).list();
  const bool something_waits = std::ranges::any_of(waiting, &hub::OutboxEntry::waits);
  if (target.repository.empty() && !something_waits) {
    throw UserError(fmt::format(
        "run {}: its recipe does not say where to push to; name a repository with --hub org/name",
        found.record.id));
  }
  if (!result && !something_waits) {
    throw UserError(fmt::format(
        "run {} has no finished {} to push (it is {}); `temper resume {}` goes on", found.record.id,
        resolved.publish.form == recipe::PublishForm::kMerged ? "merged model" : "adapter or model",
        run::run_state_name(found.record.state), options.run));
  }
  if (result && !target.repository.empty() && wants_final(options, resolved, found.layout)) {
    put_result(found.layout, found.record, *result, target, context.clock);
  }
  const hub::HubApi api = hub::open_hub(open_options(context), context.clock);
  std::ostream& out = options.json ? context.err : context.out;
  const auto pushed = push_waiting(api, found.layout, options.hub, [&](const std::string& line) {
    (line.starts_with("pushing ") ? context.err : out) << line << std::endl;
  });
  if (pushed.empty()) {
    tell_nothing_to_do(out, found.layout, target);
  } else if (!bucket.empty()) {
    copy_marks(context, found.layout, bucket);
  }
  if (options.json) {
    for (const hub::OutboxEntry& entry : pushed) {
      context.out << pushed_json(found.record, entry) << std::endl;
    }
  }
  return 0;
}

}  // namespace

void add_push(CLI::App& app, Action& action) {
  const auto options = std::make_shared<PushOptions>();
  app.add_option("RUN", options->run, "The run: its folder, id, name or URL in a bucket")
      ->required();
  app.add_option("--runs", options->runs_root,
                 "The folder of runs, or its URL in a bucket (default: runs)");
  app.add_option("--hub", options->hub,
                 "The repository, org/name (default: the recipe's publish.hub)");
  app.add_option("--revision", options->revision, "The branch (default: publish.revision)");
  auto* const make_private =
      app.add_flag("--private", options->make_private,
                   "A repository that has to be made is private (default: publish.private)");
  app.add_flag("--public", options->make_public, "A repository that has to be made is public")
      ->excludes(make_private);
  app.add_flag("--create-pr", options->create_pr, "Open a pull request instead of committing");
  app.add_flag("--json", options->json, "Print one JSON object for each that was pushed");
  app.callback([&action, options] {
    action = [options](Context& context) { return push(context, *options); };
  });
}

}  // namespace temper::launch
