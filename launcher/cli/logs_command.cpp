#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "launcher/backends/backend.h"
#include "launcher/backends/trainer_log.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/log_window.h"
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
};

std::filesystem::path choose_log(const FoundRun& found, const LogsOptions& options) {
  const run::RunRecord& record = found.record;
  if (record.attempts.empty()) {
    throw UserError(fmt::format("run {} has no attempt yet, so no log", record.id));
  }
  if (!options.rank) {
    return found.layout.attempt_log(record.attempts.back().id);
  }
  const std::filesystem::path file = found.layout.rank_log(*options.rank);
  if (!std::filesystem::exists(file)) {
    throw UserError(fmt::format("no log of rank {} ({}): the last attempt had {} ranks",
                                *options.rank, file.string(), record.attempts.back().num_ranks));
  }
  return file;
}

/// The state of a run as it goes on, its record read anew.
BackendState next_state(Context& context, FoundRun& found) {
  if (auto record = run::read_run_record(found.layout)) {
    found.record = std::move(*record);
  }
  return state_now(context, found);
}

/// Prints what is appended, attempt after attempt, until the run isn't running any more.
void follow_log(Context& context, FoundRun found, const LogsOptions& options,
                std::filesystem::path file, std::streamoff offset) {
  constexpr auto kInterval = std::chrono::milliseconds(200);
  const auto ask_interval = backend_of(context, found)->poll_interval();
  auto next_question = context.clock.steady_now();
  for (bool running = true; running;) {
    if (context.clock.steady_now() >= next_question) {
      running = is_active(next_state(context, found).state);
      next_question = context.clock.steady_now() + ask_interval;
    }
    std::ifstream stream(file, std::ios::binary);
    stream.seekg(offset);
    const std::string more(std::istreambuf_iterator<char>(stream), {});
    offset += static_cast<std::streamoff>(more.size());
    context.out << more << std::flush;
    if (const std::filesystem::path newest = choose_log(found, options); newest != file) {
      file = newest;
      offset = 0;
    } else if (running) {
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
  if (options.follow) {
    const std::vector<std::string> command = backend->log_command(found.record);
    if (goes_on && !command.empty()) {
      Command print;
      print.argv = command;
      return context.runner.start(print)->wait().code;
    }
    found = wait_for_attempt(context, std::move(found));
  }
  const std::filesystem::path file = choose_log(found, options);
  std::error_code absent;
  const std::uintmax_t size = std::filesystem::file_size(file, absent);
  const std::vector<std::string> lines =
      options.since.empty() ? last_lines(file, options.num_lines)
                            : lines_since(file, parse_since(options.since, context.clock.now()));
  for (const std::string& line : lines) {
    context.out << line << "\n";
  }
  context.out.flush();
  if (options.follow) {
    follow_log(context, std::move(found), options, file,
               absent ? 0 : static_cast<std::streamoff>(size));
  }
  return 0;
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
  app.callback([&action, options] {
    action = [options](Context& context) { return logs(context, *options); };
  });
}

}  // namespace temper::launch
