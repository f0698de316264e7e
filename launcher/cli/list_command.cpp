#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/recipe/recipe_io.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/run_status.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct ListOptions {
  std::vector<std::string> places;
  std::vector<std::string> clusters;
  bool json = false;
};

/// The folders and buckets to look into, each once: those of --runs and those of the cluster files;
/// `runs` where nothing is said.
std::vector<std::string> places_of(const ListOptions& options, std::vector<std::string>& problems) {
  std::vector<std::string> places = options.places;
  for (const std::string& file : options.clusters) {
    try {
      const std::string runs = recipe::read_cluster(file).runs;
      if (runs.empty()) {
        throw UserError(file + ": names no `runs`; give their place with --runs");
      }
      places.push_back(runs);
    } catch (const UserError& error) {
      problems.emplace_back(error.what());
    }
  }
  if (options.places.empty() && options.clusters.empty()) {
    places.emplace_back("runs");
  }
  std::vector<std::string> once;
  for (const std::string& place : places) {
    if (std::find(once.begin(), once.end(), place) == once.end()) {
      once.push_back(place);
    }
  }
  return once;
}

/// The runs of all places. One that can't be looked into is a problem, and the end only if it is
/// the only one.
std::vector<FoundRun> runs_of(Context& context, const std::vector<std::string>& places,
                              std::vector<std::string>& problems) {
  std::vector<FoundRun> found;
  for (const std::string& place : places) {
    try {
      std::vector<FoundRun> here = list_runs_anywhere(context, place, problems);
      std::move(here.begin(), here.end(), std::back_inserter(found));
    } catch (const Error& error) {
      if (places.size() == 1) {
        throw;
      }
      problems.emplace_back(error.what());
    }
  }
  sort_by_age(found);
  return found;
}

std::string list_text(const std::vector<RunStatus>& runs, bool with_backend) {
  std::size_t width = 3;
  for (const RunStatus& status : runs) {
    width = std::max(width, status.run.record.id.size());
  }
  const auto line = [&](const std::string& id, const std::string& where, const std::string& state,
                        const std::string& step, const std::string& loss,
                        const std::string& created) {
    return fmt::format("{:<{}}  {}{:<8} {:>15}  {:>8}  {}\n", id, width,
                       with_backend ? fmt::format("{:<10}  ", where) : "", state, step, loss,
                       created);
  };
  std::string text = line("run", "where", "state", "step", "loss", "created");
  for (const RunStatus& status : runs) {
    const ProgressSummary& progress = status.progress;
    text += line(
        status.run.record.id, status.run.record.backend, run::run_state_name(status.state.state),
        progress.last_step < 0 ? "-"
                               : fmt::format("{}/{}", progress.last_step, progress.total_steps),
        progress.last_loss ? fmt::format("{:.4f}", *progress.last_loss) : "-",
        status.run.record.created);
  }
  return text;
}

int list(Context& context, const ListOptions& options) {
  std::vector<std::string> problems;
  const std::vector<std::string> places = places_of(options, problems);
  std::vector<RunStatus> runs;
  for (FoundRun& run : runs_of(context, places, problems)) {
    try {
      BackendState state = state_now(context, run);
      runs.push_back(status_of(std::move(run), std::move(state)));
    } catch (const UserError& error) {  // a broken cluster.yaml is that run's alone
      problems.emplace_back(error.what());
    }
  }
  if (options.json) {
    for (const RunStatus& status : runs) {
      context.out << status_json(status) << "\n";
    }
  } else if (runs.empty()) {
    context.out << fmt::format("no runs in {}\n", fmt::join(places, ", "));
  } else {
    context.out << list_text(runs, places.size() > 1);
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
  app.add_option("--runs", options->places,
                 "A folder of runs, or its URL in a bucket; repeatable (default: runs)");
  app.add_option("--on", options->clusters,
                 "Also the runs of these cluster files' `runs`; repeatable: --on configs/*.yaml");
  app.add_flag("--json", options->json, "Print one JSON object a line");
  app.callback([&action, options] {
    action = [options](Context& context) { return list(context, *options); };
  });
}

}  // namespace temper::launch
