#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/process_runner.h"
#include "core/recipe/choices.h"
#include "core/run/run_record.h"
#include "launcher/backends/launch_command.h"
#include "launcher/backends/restart_policy.h"
#include "launcher/backends/signal_source.h"
#include "launcher/backends/supervisor.h"

namespace temper::launch {

/// What is known of a run now.
struct BackendState {
  run::RunState state = run::RunState::kPending;
  std::string note;  ///< one line for people, may be empty
};

/// A place where trainers run. Rendering is pure; everything that is started is what was rendered.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;

  /// What an attempt would send, line by line, as `temper plan` shows it.
  virtual std::vector<std::string> render(const LaunchSpec& spec) const = 0;

  /// Runs `record`'s next attempts to their end and keeps its run.json. The caller holds the lock.
  virtual Verdict run(const run::RunRecord& record, const LaunchSpec& spec,
                      const RestartPolicy& policy, SignalSource& signals,
                      RunObserver& observer) = 0;

  /// The state as it is, which run.json can't tell when its writer died.
  virtual BackendState state(const run::RunRecord& record) const = 0;

  /// Asks a running run to save its state and stop; does not wait. UserError if it can't be asked.
  virtual void cancel(const run::RunRecord& record) = 0;
};

/// The backend for a cluster file's `kind`. References must outlive it.
std::unique_ptr<Backend> make_backend(recipe::ClusterKind kind, Clock& clock,
                                      ProcessRunner& runner);

}  // namespace temper::launch
