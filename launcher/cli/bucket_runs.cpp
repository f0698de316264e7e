#include "launcher/cli/bucket_runs.h"

#include <fmt/format.h>

#include "core/run/bucket_run.h"
#include "core/storage/open_store.h"
#include "launcher/backends/process_identity.h"

namespace temper::launch {

std::unique_ptr<storage::ObjectStore> open_store_for(Context& context,
                                                     const std::string& location) {
  storage::OpenOptions options;
  options.environment = context.environment;
  options.logger = Logger(LogLevel::kWarning);
  return storage::open_store(location, options, context.clock);
}

FoundRun find_run_anywhere(Context& context, const std::string& runs_root,
                           const std::string& wanted) {
  if (!storage::is_bucket_url(wanted)) {
    return find_run(runs_root, wanted);
  }
  const run::RunLayout layout = run::working_layout(context.environment.cache_directory(), wanted);
  run::pull_run(layout, *open_store_for(context, wanted));
  FoundRun found = find_run(layout.root.parent_path(), layout.root.string());
  const bool elsewhere = !found.record.host.empty() && found.record.host != this_process().host;
  if (elsewhere && found.record.state == run::RunState::kRunning) {
    context.err << fmt::format(
        "{}: run.json says that it runs on {}; make sure that it does not any more\n", wanted,
        found.record.host);
  }
  return found;
}

}  // namespace temper::launch
