#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/base/process_runner.h"
#include "core/recipe/cluster.h"
#include "core/run/run_record.h"
#include "launcher/backends/launch_command.h"

namespace temper::launch {

/// What is known of a run now.
struct BackendState {
  run::RunState state = run::RunState::kPending;
  std::string note;  ///< one line for people, may be empty
};

/// What a job is made of.
struct JobSpec {
  std::string run_id;
  recipe::Cluster cluster;        ///< settled
  LaunchSpec launch;              ///< of the ranks
  std::filesystem::path program;  ///< temper, which attends to the run inside the job
  std::string place;  ///< what the program is given: the run directory, or its URL in a bucket
};

/// A file of the run directory that is handed to a scheduler.
struct JobFile {
  std::string name;
  std::string content;
};

/// All that submit() would send.
struct RenderedJob {
  std::vector<std::string> commands;  ///< command lines as typed into a shell
  std::vector<JobFile> files;
};

/// A place where trainers run. Rendering is pure; everything that is started is what was rendered.
/// Inside the job, wherever it is, `temper attend` supervises the run and keeps its run.json.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;

  /// What submit() would send, as `temper plan` shows it.
  virtual RenderedJob render(const JobSpec& spec) const = 0;

  /// Hands the run over and returns the job's name in the scheduler. The files of render() are
  /// written into the run directory first. If a job of this run is there already, because the
  /// answer to an earlier submit() was lost, that one is returned and nothing is sent. UserError
  /// with the scheduler's own words if it refuses. The caller holds the run's lock.
  virtual std::string submit(const JobSpec& spec) = 0;

  /// The state as it is, which run.json can't tell when its writer died.
  virtual BackendState state(const run::RunRecord& record) const = 0;

  /// Asks a running run to save its state and stop, takes a waiting one out of the queue; does not
  /// wait. UserError if it can't be asked.
  virtual void cancel(const run::RunRecord& record) = 0;

  /// How often state() may be asked while somebody waits.
  virtual std::chrono::milliseconds poll_interval() const = 0;

  /// A program that prints what the run's job prints until it ends; empty where logs lie in the run
  /// directory as they are written.
  virtual std::vector<std::string> log_command(const run::RunRecord& /*record*/) const {
    return {};
  }
};

/// The backend for a cluster file. `runner` must outlive it.
std::unique_ptr<Backend> make_backend(const recipe::Cluster& cluster, ProcessRunner& runner);

/// Whether the state is one that a run.json whose writer died may be stuck in.
bool is_active(run::RunState state);

}  // namespace temper::launch
