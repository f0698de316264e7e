#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/run_status.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct ListOptions {
  std::string runs_root = "runs";
  bool json = false;
};

std::string list_text(const std::vector<RunStatus>& runs) {
  std::size_t width = 3;
  for (const RunStatus& status : runs) {
    width = std::max(width, status.run.record.id.size());
  }
  std::string text = fmt::format("{:<{}}  {:<8} {:>15}  {:>8}  {}\n", "run", width, "state", "step",
                                 "loss", "created");
  for (const RunStatus& status : runs) {
    const ProgressSummary& progress = status.progress;
    text += fmt::format("{:<{}}  {:<8} {:>15}  {:>8}  {}\n", status.run.record.id, width,
                        run::run_state_name(status.state.state),
                        progress.last_step < 0
                            ? "-"
                            : fmt::format("{}/{}", progress.last_step, progress.total_steps),
                        progress.last_loss ? fmt::format("{:.4f}", *progress.last_loss) : "-",
                        status.run.record.created);
  }
  return text;
}

int list(Context& context, const ListOptions& options) {
  std::vector<std::string> problems;
  std::vector<RunStatus> runs;
  for (FoundRun& found : list_runs_anywhere(context, options.runs_root, problems)) {
    try {
      BackendState state = state_now(context, found);
      runs.push_back(status_of(std::move(found), std::move(state)));
    } catch (const UserError& error) {  // a broken cluster.yaml is that run's alone
      problems.emplace_back(error.what());
    }
  }
  if (options.json) {
    for (const RunStatus& status : runs) {
      context.out << status_json(status) << "\n";
    }
  } else if (runs.empty()) {
    context.out << "no runs in " << options.runs_root << "\n";
  } else {
    context.out << list_text(runs);
  }
  for (const std::string& problem : problems) {
    context.err << "temper: " << problem << "\n";
  }
  context.out.flush();
  return 0;
}

}  // namespace

void add_list(CLI::App& app, Action& action) {
  const auto options = std::make_shared<ListOptions>();
  app.add_option("--runs", options->runs_root,
                 "The folder of runs, or its URL in a bucket (default: runs)");
  app.add_flag("--json", options->json, "Print one JSON object a line");
  app.callback([&action, options] {
    action = [options](Context& context) { return list(context, *options); };
  });
}

}  // namespace temper::launch
