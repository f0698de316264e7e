#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "launcher/backends/backend.h"
#include "launcher/cli/find_run.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct CancelOptions {
  std::string run;
  std::string runs_root = "runs";
};

bool is_active(run::RunState state) {
  return state == run::RunState::kRunning || state == run::RunState::kPending;
}

int cancel(Context& context, const CancelOptions& options) {
  constexpr auto kInterval = std::chrono::milliseconds(50);
  const FoundRun found = find_run(options.runs_root, options.run);
  const auto backend = make_backend(recipe::ClusterKind::kLocal, context.clock, context.runner);
  BackendState state = backend->state(found.record);
  if (!is_active(state.state)) {
    throw UserError(fmt::format("run {} isn't running, it is {}{}{}", found.record.id,
                                run::run_state_name(state.state), state.note.empty() ? "" : ": ",
                                state.note));
  }
  backend->cancel(found.record);
  context.err << "asked " << found.record.id << " to save its state and stop" << std::endl;
  while (is_active(state.state)) {
    context.clock.sleep_for(kInterval);
    state = backend->state(*run::read_run_record(found.layout));
  }
  context.out << found.record.id << ": " << run::run_state_name(state.state)
              << (state.note.empty() ? "" : ": ") << state.note << std::endl;
  return 0;
}

}  // namespace

void add_cancel(CLI::App& app, Action& action) {
  const auto options = std::make_shared<CancelOptions>();
  app.add_option("RUN", options->run, "The run: its folder, id or name")->required();
  app.add_option("--runs", options->runs_root, "The folder of runs (default: runs)");
  app.callback([&action, options] {
    action = [options](Context& context) { return cancel(context, *options); };
  });
}

}  // namespace temper::launch
