#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/environment.h"
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

/// Which part of a job's log is asked for.
struct LogWindow {
  bool follow = false;      ///< go on until the job ends
  std::optional<int> rank;  ///< what the node of this rank prints
  std::optional<std::chrono::system_clock::time_point> since;
  std::size_t num_lines = 100;  ///< the last ones, unless `since` is given
};

/// What a scheduler says that was asked about a job without getting it.
struct Rehearsal {
  enum class Answer { kTakes, kRefuses, kSilent };
  Answer answer = Answer::kSilent;
  std::string words;  ///< its own
};

/// Where a scheduler takes several runs as one job: the runs of a sweep, which differ in nothing
/// that the scheduler sees. All methods are given them in the sweep's order, and names come back in
/// it.
class SweepJob {
 public:
  virtual ~SweepJob() = default;

  /// What submit() would send, in the first run's directory. Pure.
  virtual RenderedJob render(const std::vector<JobSpec>& specs) const = 0;

  /// Each run's name in the scheduler, if a job of just these runs waits or runs there already.
  virtual std::optional<std::vector<std::string>> find(const std::vector<JobSpec>& specs) const = 0;

  /// As Backend::submit(), for all runs at once.
  virtual std::vector<std::string> submit(const std::vector<JobSpec>& specs) = 0;
};

/// A place where trainers run. Rendering is pure; everything that is started is what was rendered.
/// Inside the job, wherever it is, `temper attend` supervises the run and keeps its run.json.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;

  /// What submit() would send, as `temper plan` shows it.
  virtual RenderedJob render(const JobSpec& spec) const = 0;

  /// Whether the scheduler would take the job; nothing is submitted or written. nullopt where it
  /// can't be asked that.
  virtual std::optional<Rehearsal> rehearse(const JobSpec& /*spec*/) const { return std::nullopt; }

  /// Hands the run over and returns the job's name in the scheduler. The files of render() are
  /// written into the run directory first. If a job of this run is there already, because the
  /// answer to an earlier submit() was lost, that one is returned and nothing is sent. UserError
  /// with the scheduler's own words if it refuses. The caller holds the run's lock.
  virtual std::string submit(const JobSpec& spec) = 0;

  /// How the runs of a sweep become one job; nullptr: each is a job of its own.
  virtual std::unique_ptr<SweepJob> sweep_job() { return nullptr; }

  /// The state as it is, which run.json can't tell when its writer died.
  virtual BackendState state(const run::RunRecord& record) const = 0;

  /// Asks a running run to save its state and stop, takes a waiting one out of the queue; does not
  /// wait. UserError if it can't be asked.
  virtual void cancel(const run::RunRecord& record) = 0;

  /// How often state() may be asked while somebody waits.
  virtual std::chrono::milliseconds poll_interval() const = 0;

  /// A program that prints what the run's job has printed, for a run that ended before its first
  /// attempt; empty where there is none.
  virtual std::vector<std::string> log_command(const run::RunRecord& /*record*/) const {
    return {};
  }

  /// Prints what the run's job prints, where a service keeps that, by asking the service. False:
  /// there is none, look for log_command() or in the run directory.
  virtual bool print_log(const run::RunRecord& /*record*/, const LogWindow& /*window*/,
                         std::ostream& /*out*/) const {
    return false;
  }
};

/// What backends use of the world. References outlive the backend.
struct Surroundings {
  ProcessRunner& runner;
  Clock& clock;
  const Environment& environment;
};

/// The backend for a cluster file.
std::unique_ptr<Backend> make_backend(const recipe::Cluster& cluster,
                                      const Surroundings& surroundings);

/// Whether the state is one that a run.json whose writer died may be stuck in.
bool is_active(run::RunState state);

}  // namespace temper::launch
