#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/process_runner.h"
#include "core/run/progress_record.h"
#include "core/run/run_record.h"
#include "launcher/backends/launch_command.h"
#include "launcher/backends/progress_follower.h"
#include "launcher/backends/restart_policy.h"
#include "launcher/backends/signal_source.h"

namespace temper::launch {

/// Is told what happens while a run is supervised, in the supervisor's thread.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void on_attempt(const run::AttemptRecord& /*attempt*/, int /*number*/) {}
  virtual void on_progress(const run::ProgressRecord& /*record*/) {}
  /// One line for people: a restart, a stop that was asked for, the reason of an end.
  virtual void on_message(const std::string& /*message*/) {}
  /// Time goes by: every look at the trainer, many times a second.
  virtual void on_look() {}
};

/// Starts a run's trainer again and again until it is done, stopped or given up, and keeps
/// run.json. The caller holds the run's lock. One thread; the only loop that sleeps is in
/// supervise().
///
/// The first stop signal is passed on as SIGUSR2, which mpirun forwards to its ranks (it takes
/// SIGTERM and SIGINT as an order to kill them): they checkpoint and leave with 85. The second one
/// is passed on as SIGTERM, and what is still there kGrace later, or at the third, is killed.
/// SIGKILL from the source kills at once (`temper verify` interrupts with it).
///
/// Ranks leave together, but mpirun would wait for a frozen one for ever: what is still there
/// kEndGrace after the first one left word of how it goes (core/run/rank_exit.h) is killed.
///
/// Trainers of this run that an earlier supervisor left behind are asked to save and leave before
/// an attempt starts, and killed if they are still there kOrphanGrace later.
class Supervisor {
 public:
  static constexpr std::chrono::nanoseconds kPollInterval = std::chrono::milliseconds(20);
  static constexpr std::chrono::nanoseconds kGrace = std::chrono::seconds(5);
  static constexpr std::chrono::nanoseconds kOrphanGrace = std::chrono::seconds(30);
  static constexpr std::chrono::nanoseconds kEndGrace = std::chrono::seconds(30);

  /// References must outlive the supervisor.
  Supervisor(Clock& clock, ProcessRunner& runner, SignalSource& signals, RunObserver& observer);

  /// Runs attempts of `spec`, appended to `record`, whose identity and supervisor are filled in.
  /// Returns the last verdict; its exit code is the launcher's. Throws UserError if the trainer
  /// can't be started (run.json says so too).
  Verdict supervise(run::RunRecord record, const LaunchSpec& spec, const RestartPolicy& policy);

 private:
  struct Supervision;

  Clock& clock_;
  ProcessRunner& runner_;
  SignalSource& signals_;
  RunObserver& observer_;
};

/// Supervises in this process: `record` gets this process as its supervisor.
Verdict supervise_here(Clock& clock, ProcessRunner& runner, SignalSource& signals,
                       RunObserver& observer, run::RunRecord record, const LaunchSpec& spec,
                       const RestartPolicy& policy);

}  // namespace temper::launch
