#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/run/bucket_run.h"
#include "core/run/world.h"
#include "launcher/backends/process_identity.h"
#include "launcher/backends/signal_source.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/rank_log_push.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct JoinOptions {
  std::string run;
  std::vector<std::string> argv;
};

/// The rank's whole life, signals passed on; `on_look` is called many times a second.
int run_rank(Context& context, const std::vector<std::string>& argv,
             const std::function<void()>& on_look) {
  constexpr auto kInterval = std::chrono::milliseconds(20);
  SystemSignals signals;
  Command command;
  command.argv = argv;
  command.own_process_group = false;  // whoever kills the launcher's children kills it too
  const auto rank = context.runner.start(command);
  while (true) {
    while (const std::optional<int> number = signals.poll()) {
      rank->signal(*number);
    }
    if (const std::optional<ExitStatus> status = rank->poll()) {
      return status->code;
    }
    on_look();
    context.clock.sleep_for(kInterval);
  }
}

/// A rank of a run in a bucket. Where the run is supervised its folder is there already; elsewhere
/// the rank brings what it needs of it, and its log to the bucket.
int join(Context& context, const JoinOptions& options) {
  const run::RunLayout layout =
      run::working_layout(context.environment.cache_directory(), options.run);
  const auto record = run::read_run_record(layout);
  if (record && record->host == this_process().host) {
    return run_rank(context, options.argv, [] {});
  }
  const int rank = run::read_world(context.environment).rank;
  run::pull_for_rank(layout, *open_store_for(context, options.run), rank);
  RankLogPush logs(context, layout, options.run, rank, 1);
  const int code = run_rank(context, options.argv, [&logs] { logs.tick(); });
  logs.finish();
  return code;
}

}  // namespace

void add_join(CLI::App& app, Action& action) {
  const auto options = std::make_shared<JoinOptions>();
  app.add_option("RUN", options->run, "The run: its URL in a bucket")->required();
  app.add_option("COMMAND", options->argv, "What the rank runs, after --")->required();
  app.callback([&action, options] {
    action = [options](Context& context) { return join(context, *options); };
  });
}

}  // namespace temper::launch
