#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "launcher/backends/rank_group.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct StartOptions {
  int ranks_here = 1;
  int size = 0;
  std::vector<std::string> argv;
};

}  // namespace

void add_start_ranks(CLI::App& app, Action& action) {
  const auto options = std::make_shared<StartOptions>();
  app.add_option("--ranks", options->ranks_here, "How many to start on this machine")
      ->check(CLI::PositiveNumber);
  app.add_option("--of", options->size, "How many there are on all machines (default: --ranks)")
      ->check(CLI::PositiveNumber);
  app.add_option("COMMAND", options->argv, "What each rank runs, after --")->required();
  app.callback([&action, options] {
    action = [options](Context& context) {
      SystemSignals signals;
      return RankGroup(context.clock, context.runner, signals)
          .run(place_ranks(options->ranks_here,
                           options->size == 0 ? options->ranks_here : options->size, options->argv,
                           context.environment));
    };
  });
}

}  // namespace temper::launch
