#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/time_format.h"
#include "core/recipe/recipe_io.h"
#include "core/run/bucket_run.h"
#include "launcher/backends/backend.h"
#include "launcher/backends/captured_run.h"
#include "launcher/backends/trainer_log.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/growing_logs.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/log_json.h"
#include "launcher/cli/log_window.h"
#include "launcher/cli/machine_attendance.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct LogsOptions {
  std::string run;
  std::string runs_root = "runs";
  std::optional<int> rank;
  bool follow = false;
  std::size_t num_lines = 100;
  std::string since;
  bool json = false;
};

/// The log of a rank, or the newest attempt's. Where machines start ranks of their own, that is the
/// log of the first machine's; the ranks of the others log into files of their own.
std::vector<std::filesystem::path> choose_logs(const FoundRun& found, const LogsOptions& options) {
  const run::RunRecord& record = found.record;
  if (record.attempts.empty()) {
    throw UserError(fmt::format("run {} has no attempt yet, so no log", record.id));
  }
  if (options.rank) {
    const std::filesystem::path file = found.layout.rank_log(*options.rank);
    if (!std::filesystem::exists(file) && !is_active(record.state)) {
      throw UserError(fmt::format("no log of rank {} ({}): the last attempt had {} ranks",
                                  *options.rank, file.string(), record.attempts.back().num_ranks));
    }
    return {file};
  }
  std::vector<std::filesystem::path> files = {found.layout.attempt_log(record.attempts.back().id)};
  if (found.record.backend == recipe::name_of(recipe::ClusterKind::kLocal)) {
    return files;
  }
  const recipe::Cluster cluster = recipe::read_cluster(found.layout.cluster());
  if (starts_ranks_everywhere(cluster)) {
    for (auto rank = static_cast<int>(cluster.ranks / cluster.nodes); rank < cluster.ranks;
         ++rank) {
      files.push_back(found.layout.rank_log(rank));
    }
  }
  return files;
}

/// What is asked for of what is there. Logs of ranks hold all attempts: beside that of the newest
/// attempt they are shown from its start on.
std::vector<std::string> choose_lines(const Context& context, const FoundRun& found,
                                      const std::vector<std::filesystem::path>& files,
                                      const LogsOptions& options) {
  std::optional<std::chrono::system_clock::time_point> since;
  if (!options.since.empty()) {
    since = parse_since(options.since, context.clock.now());
  }
  std::vector<std::vector<std::string>> logs;
  for (const std::filesystem::path& file : files) {
    const auto begin = since || &file == &files.front()
                           ? since
                           : parse_rfc3339(found.record.attempts.back().started);
    logs.push_back(begin ? lines_since(file, *begin) : last_lines(file, options.num_lines));
  }
  std::vector<std::string> lines = merge_by_time(logs);
  if (!since && lines.size() > options.num_lines) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(options.num_lines));
  }
  return lines;
}

/// The state of a run as it goes on: its record read anew, and its logs where they come from a
/// bucket.
BackendState next_state(Context& context, FoundRun& found) {
  if (run::is_copy(found.layout)) {
    const std::string runs = recipe::read_recipe(found.layout.resolved()).checkpoint.to;
    run::pull_logs(found.layout, *open_store_for(context, run::bucket_url(found.layout, runs)));
  }
  if (auto record = run::read_run_record(found.layout)) {
    found.record = std::move(*record);
  }
  return state_now(context, found);
}

void print_lines(Context& context, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    context.out << line << "\n";
  }
  context.out << std::flush;
}

/// Prints what is appended, attempt after attempt, until the run isn't running any more.
void follow_logs(Context& context, FoundRun found, const LogsOptions& options, GrowingLogs logs) {
  constexpr auto kInterval = std::chrono::milliseconds(200);
  const auto ask_interval = backend_of(context, found)->poll_interval();
  auto next_question = context.clock.steady_now();
  for (bool running = true; running;) {
    if (context.clock.steady_now() >= next_question) {
      running = is_active(next_state(context, found).state);
      next_question = context.clock.steady_now() + ask_interval;
    }
    for (const std::filesystem::path& file : choose_logs(found, options)) {
      logs.add(file);
    }
    print_lines(context, logs.take(/*and_rest=*/!running));
    if (running) {
      context.clock.sleep_for(kInterval);
    }
  }
}

/// The run once it has an attempt; while it waits in a queue, why is told once.
FoundRun wait_for_attempt(Context& context, FoundRun found) {
  std::string told;
  while (found.record.attempts.empty()) {
    const BackendState state = next_state(context, found);
    if (!is_active(state.state)) {
      break;
    }
    if (state.note != told) {
      told = state.note;
      context.err << run::run_state_name(state.state) << ": " << told << std::endl;
    }
    context.clock.sleep_for(backend_of(context, found)->poll_interval());
  }
  return found;
}

LogWindow log_window(const Context& context, const LogsOptions& options) {
  LogWindow window{options.follow, options.rank, std::nullopt, options.num_lines};
  if (!options.since.empty()) {
    window.since = parse_since(options.since, context.clock.now());
  }
  return window;
}

int logs(Context& context, const LogsOptions& options) {
  FoundRun found = find_run_anywhere(context, options.runs_root, options.run);
  const auto backend = backend_of(context, found);
  const bool has_begun = !found.record.attempts.empty();
  const bool goes_on = options.follow && is_active(next_state(context, found).state);
  // While a job runs, and if it ended before its run began, a service may know more than the run
  // directory.
  if ((goes_on || !has_begun) &&
      backend->print_log(found.record, log_window(context, options), context.out)) {
    return 0;
  }
  if (goes_on) {
    found = wait_for_attempt(context, std::move(found));
  }
  if (found.record.attempts.empty()) {
    const std::vector<std::string> print = backend->log_command(found.record);
    if (!print.empty()) {
      const CapturedRun printed = run_captured(context.runner, print);
      context.out << printed.out << std::flush;
      context.err << printed.err << std::flush;
      return printed.code;
    }
  }
  const std::vector<std::filesystem::path> files = choose_logs(found, options);
  GrowingLogs growing;
  for (const std::filesystem::path& file : files) {
    growing.add_end(file);
  }
  print_lines(context, choose_lines(context, found, files, options));
  if (options.follow) {
    follow_logs(context, std::move(found), options, std::move(growing));
  }
  return 0;
}

int logs_as_json(Context& context, const LogsOptions& options) {
  LogJsonBuffer buffer(context.out);
  std::ostream lines(&buffer);
  Context inner{context.clock,      context.runner, context.environment,
                context.executable, lines,          context.err};
  return logs(inner, options);
}

}  // namespace

void add_logs(CLI::App& app, Action& action) {
  const auto options = std::make_shared<LogsOptions>();
  app.add_option("RUN", options->run, "The run: its folder, id, name or URL in a bucket")
      ->required();
  app.add_option("--runs", options->runs_root,
                 "The folder of runs, or its URL in a bucket (default: runs)");
  app.add_option("--rank", options->rank, "The log of one rank instead of the last attempt's")
      ->check(CLI::Range(0, 4095));
  app.add_flag("--follow,-f", options->follow, "Go on printing until the run ends");
  app.add_option("-n", options->num_lines, "How many of the last lines (default: 100)");
  app.add_option(
      "--since", options->since,
      "Lines from then on: a time like 2026-11-24T06:30:00Z, or so long ago: 90s, 10m, 2h, 1d");
  app.add_flag("--json", options->json, "Print one JSON object a line");
  app.callback([&action, options] {
    action = [options](Context& context) {
      return options->json ? logs_as_json(context, *options) : logs(context, *options);
    };
  });
}

}  // namespace temper::launch
