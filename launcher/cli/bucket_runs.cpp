#include "launcher/cli/bucket_runs.h"

#include <fmt/format.h>

#include "core/http/url.h"
#include "core/run/bucket_run.h"
#include "core/storage/open_store.h"
#include "launcher/backends/process_identity.h"

namespace temper::launch {
namespace {

/// The run at a bucket's URL, in this machine's working folder.
FoundRun bring_run(Context& context, const std::string& url) {
  const run::RunLayout layout = run::working_layout(context.environment.cache_directory(), url);
  run::pull_run(layout, *open_store_for(context, url));
  return find_run(layout.root.parent_path(), layout.root.string());
}

}  // namespace

std::unique_ptr<storage::ObjectStore> open_store_for(Context& context,
                                                     const std::string& location) {
  storage::OpenOptions options;
  options.environment = context.environment;
  options.logger = Logger(LogLevel::kWarning);
  return storage::open_store(location, options, context.clock);
}

void copy_to_bucket(Context& context, const run::RunLayout& layout, const std::string& runs) {
  const std::string url = run::bucket_url(layout, runs);
  if (!url.empty()) {
    run::RunMirror(layout, *open_store_for(context, url)).push();
  }
}

void keep_record(Context& context, const run::RunLayout& layout, const std::string& runs,
                 const run::RunRecord& record) {
  run::write_run_record(layout, record);
  copy_to_bucket(context, layout, runs);
}

std::vector<FoundRun> list_runs_anywhere(Context& context, const std::string& runs_root,
                                         std::vector<std::string>& problems) {
  if (!storage::is_bucket_url(runs_root)) {
    return list_runs(runs_root, problems);
  }
  std::vector<FoundRun> runs;
  const std::string place = http::without_last_slashes(runs_root);
  for (const std::string& id : run::list_run_ids(*open_store_for(context, place))) {
    try {
      runs.push_back(bring_run(context, fmt::format("{}/{}", place, id)));
    } catch (const UserError& error) {
      problems.emplace_back(error.what());
    }
  }
  sort_by_age(runs);
  return runs;
}

FoundRun find_run_anywhere(Context& context, const std::string& runs_root,
                           const std::string& wanted) {
  if (!storage::is_bucket_url(wanted) && !storage::is_bucket_url(runs_root)) {
    return find_run(runs_root, wanted);
  }
  std::vector<std::string> problems;
  const FoundRun found =
      storage::is_bucket_url(wanted)
          ? bring_run(context, wanted)
          : choose_run(list_runs_anywhere(context, runs_root, problems), runs_root, wanted);
  const bool elsewhere = !found.record.host.empty() && found.record.host != this_process().host;
  if (elsewhere && found.record.state == run::RunState::kRunning) {
    context.err << fmt::format(
        "{}: run.json says that it runs on {}; make sure that it does not any more\n", wanted,
        found.record.host);
  }
  return found;
}

}  // namespace temper::launch
