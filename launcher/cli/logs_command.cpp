#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "launcher/backends/backend.h"
#include "launcher/backends/trainer_log.h"
#include "launcher/cli/bucket_runs.h"
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

/// Prints what is appended until the run isn't running any more.
void follow_log(Context& context, const FoundRun& found, const std::filesystem::path& file,
                std::streamoff offset) {
  constexpr auto kInterval = std::chrono::milliseconds(200);
  const auto backend = make_backend(recipe::ClusterKind::kLocal, context.clock, context.runner);
  for (bool running = true; running;) {
    const auto record = run::read_run_record(found.layout);
    const run::RunState state = record ? backend->state(*record).state : run::RunState::kFailed;
    running = state == run::RunState::kRunning || state == run::RunState::kPending;
    std::ifstream stream(file, std::ios::binary);
    stream.seekg(offset);
    const std::string more(std::istreambuf_iterator<char>(stream), {});
    offset += static_cast<std::streamoff>(more.size());
    context.out << more << std::flush;
    if (running) {
      context.clock.sleep_for(kInterval);
    }
  }
}

int logs(Context& context, const LogsOptions& options) {
  const FoundRun found = find_run_anywhere(context, options.runs_root, options.run);
  const std::filesystem::path file = choose_log(found, options);
  std::error_code absent;
  const std::uintmax_t size = std::filesystem::file_size(file, absent);
  for (const std::string& line : last_lines(file, options.num_lines)) {
    context.out << line << "\n";
  }
  context.out.flush();
  if (options.follow) {
    follow_log(context, found, file, absent ? 0 : static_cast<std::streamoff>(size));
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
  app.callback([&action, options] {
    action = [options](Context& context) { return logs(context, *options); };
  });
}

}  // namespace temper::launch
