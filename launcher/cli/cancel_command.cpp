#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/error.h"
#include "core/recipe/recipe_io.h"
#include "core/run/bucket_run.h"
#include "core/run/run_lock.h"
#include "launcher/backends/backend.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/json_line.h"
#include "launcher/cli/new_run.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct CancelOptions {
  std::string run;
  std::string runs_root = "runs";
  bool json = false;
};

/// A run that waited in a queue has nobody to write down that it stopped. One whose directory is in
/// a bucket is brought here first, as its job left it, and what is noted goes there.
void note_stopped(Context& context, const run::RunLayout& layout) {
  const std::string runs = recipe::read_recipe(layout.resolved()).checkpoint.to;
  const std::string url = run::bucket_url(layout, runs);
  if (!url.empty()) {
    find_run_anywhere(context, "", url);
  }
  const run::RunLock lock(layout);
  run::RunRecord record = *run::read_run_record(layout);
  if (is_active(record.state)) {
    record.state = run::RunState::kStopped;
    record.message = "cancelled while nothing of it was running";
    keep_record(context, layout, runs, record);
  }
}

void tell(Context& context, const std::string& id, const BackendState& state, bool json) {
  if (json) {
    context.out << json_line({{"id", id}, {"state", run::run_state_name(state.state)}})
                << std::endl;
    return;
  }
  context.out << id << ": " << run::run_state_name(state.state) << (state.note.empty() ? "" : ": ")
              << state.note << std::endl;
}

int cancel(Context& context, const CancelOptions& options) {
  const FoundRun found = find_run_anywhere(context, options.runs_root, options.run);
  const auto backend = backend_of(context, found);
  BackendState state = backend->state(found.record);
  if (!is_active(state.state)) {
    throw UserError(fmt::format("run {} isn't running, it is {}{}{}", found.record.id,
                                run::run_state_name(state.state), state.note.empty() ? "" : ": ",
                                state.note));
  }
  if (found.record.backend != "local") {
    write_run_file(found.layout, found.layout.stop_request(), "temper cancel\n");
  }
  backend->cancel(found.record);
  context.err << "asked " << found.record.id << " to save its state and stop" << std::endl;
  while (is_active(state.state)) {
    context.clock.sleep_for(backend->poll_interval());
    state = backend->state(*run::read_run_record(found.layout));
  }
  if (found.record.backend != "local") {
    note_stopped(context, found.layout);
    state = backend->state(*run::read_run_record(found.layout));
  }
  tell(context, found.record.id, state, options.json);
  return 0;
}

}  // namespace

void add_cancel(CLI::App& app, Action& action) {
  const auto options = std::make_shared<CancelOptions>();
  app.add_option("RUN", options->run, "The run: its folder, id, name or URL in a bucket")
      ->required();
  app.add_option("--runs", options->runs_root,
                 "The folder of runs, or its URL in a bucket (default: runs)");
  app.add_flag("--json", options->json, "Print one JSON object");
  app.callback([&action, options] {
    action = [options](Context& context) { return cancel(context, *options); };
  });
}

}  // namespace temper::launch
