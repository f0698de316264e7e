#include <memory>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/run_status.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct StatusOptions {
  std::string run;  ///< empty: the newest
  std::string runs_root = "runs";
  bool json = false;
};

FoundRun newest_run(Context& context, const std::string& runs_root) {
  std::vector<std::string> problems;
  std::vector<FoundRun> runs = list_runs_anywhere(context, runs_root, problems);
  if (runs.empty()) {
    throw UserError("no runs in " + runs_root + "; `temper run RECIPE` starts one");
  }
  return runs.back();
}

int status(Context& context, const StatusOptions& options) {
  FoundRun run = options.run.empty() ? newest_run(context, options.runs_root)
                                     : find_run_anywhere(context, options.runs_root, options.run);
  BackendState state = state_now(context, run);
  const RunStatus found = status_of(std::move(run), std::move(state));
  context.out << (options.json ? status_json(found) + "\n" : status_text(found)) << std::flush;
  return 0;
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
  const auto options = std::make_shared<StatusOptions>();
  app.add_option("RUN", options->run,
                 "The run: its folder, id, name or URL in a bucket (default: the newest)");
  app.add_option("--runs", options->runs_root,
                 "The folder of runs, or its URL in a bucket (default: runs)");
  app.add_flag("--json", options->json, "Print one JSON object");
  app.callback([&action, options] {
    action = [options](Context& context) { return status(context, *options); };
  });
}

}  // namespace temper::launch
