#include "launcher/backends/supervisor.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/base/time_format.h"
#include "core/run/rank_exit.h"
#include "launcher/backends/orphans.h"
#include "launcher/backends/process_identity.h"
#include "launcher/backends/trainer_log.h"

namespace temper::launch {

/// One call of supervise(): its state, and a method for each thing that can happen.
struct Supervisor::Supervision {
  Supervision(Supervisor& owner, run::RunRecord run_record, const LaunchSpec& launch_spec,
              const RestartPolicy& restart_policy)
      : clock(owner.clock_),
        runner(owner.runner_),
        signals(owner.signals_),
        observer(owner.observer_),
        record(std::move(run_record)),
        spec(launch_spec),
        policy(restart_policy),
        layout{launch_spec.run_dir},
        follower(layout.progress(), size_of(layout.progress())),
        first_step(summarise_progress(layout.progress()).last_step),
        last_step(first_step),
        start_at(clock.steady_now()) {}

  static std::uint64_t size_of(const std::filesystem::path& file) {
    std::error_code absent;
    const std::uintmax_t size = std::filesystem::file_size(file, absent);
    return absent ? 0 : size;
  }

  std::filesystem::path log_file() const { return layout.attempt_log(record.attempts.back().id); }

  void save() const { run::write_run_record(layout, record); }

  void start_attempt() {
    run::AttemptRecord attempt;
    attempt.id = run::new_id();
    attempt.started = format_rfc3339(clock.now());
    attempt.host = record.host;
    attempt.num_ranks = spec.ranks;
    attempt.slot_workers = spec.slot_workers;
    record.attempts.push_back(attempt);
    a_rank_left = false;
    record.state = run::RunState::kRunning;
    record.message.clear();
    save();
    observer.on_attempt(attempt, static_cast<int>(record.attempts.size()));
    try {
      const Command command = attempt_command(spec, attempt.id, log_file());
      by_mpirun = command.argv.front() == "mpirun";
      process = runner.start(command);
    } catch (const UserError& error) {
      finish(run::RunState::kFailed, error.what(), static_cast<int>(ExitCode::kUser));
      throw;
    }
  }

  /// False while trainers are there that an earlier supervisor left behind.
  bool is_alone() {
    const std::vector<int> orphans = trainers_of(spec.run_dir);
    if (orphans.empty()) {
      kill_orphans_at.reset();
      return true;
    }
    if (!kill_orphans_at) {
      observer.on_message(
          "a trainer of this run is still there: asking it to save and leave first");
      signal_all(orphans, SIGTERM);
      kill_orphans_at = clock.steady_now() + kOrphanGrace;
    } else if (clock.steady_now() >= *kill_orphans_at) {
      signal_all(orphans, SIGKILL);
    }
    return false;
  }

  void follow_progress() {
    for (const run::ProgressRecord& progress : follower.take()) {
      run::AttemptRecord& attempt = record.attempts.back();
      if (progress.attempt == attempt.id) {
        attempt.first_step = attempt.first_step < 0 ? progress.step : attempt.first_step;
        attempt.last_step = progress.step;
      }
      last_step = std::max(last_step, progress.step);
      observer.on_progress(progress);
    }
  }

  void take_signals() {
    while (const std::optional<int> number = signals.poll()) {
      if (*number == SIGKILL) {
        kill_now();
      } else {
        ask_to_stop();
      }
    }
    if (kill_at && clock.steady_now() >= *kill_at) {
      kill_now();
    }
  }

  /// A rank may freeze when nobody listens for its heartbeat any more. Other starters see to that
  /// themselves: srun by --wait, ours by RankGroup::kEndGrace.
  void watch_the_end() {
    if (!a_rank_left && by_mpirun && run::read_rank_exit(layout, record.attempts.back().id)) {
      a_rank_left = true;
      const auto latest = clock.steady_now() + kEndGrace;
      kill_at = kill_at ? std::min(*kill_at, latest) : latest;
    }
  }

  void ask_to_stop() {
    ++stops_asked;
    if (!process) {
      verdict = Verdict{Verdict::Kind::kStopped,
                        {},
                        static_cast<int>(ExitCode::kCheckpointed),
                        "stopped as asked while waiting to restart"};
    } else if (stops_asked == 1) {
      observer.on_message(
          "stopping: the trainer finishes its step and saves; once more to kill it");
      process->signal(SIGUSR2);
    } else if (stops_asked == 2) {
      observer.on_message("stopping now: work since the last checkpoint is lost");
      process->signal(SIGTERM);
      kill_at = clock.steady_now() + kGrace;
    } else {
      kill_now();
    }
  }

  /// The starter, and ranks of this machine that its end would not reach: mpirun's have process
  /// groups of their own, and a frozen one does not notice that mpirun is gone.
  void kill_now() {
    kill_at.reset();
    if (process) {
      process->signal(SIGKILL);
      signal_all(trainers_of(spec.run_dir), SIGKILL);
    }
  }

  /// The starter's code; where that only tells how it killed the ranks, what the first rank to
  /// leave said.
  int exit_code_of_attempt(const ExitStatus& status) const {
    constexpr int kKilled = 128;
    const auto first = run::read_rank_exit(layout, record.attempts.back().id);
    if (status.code == 1 && spec.starter_may_lose_machines && !first) {
      return static_cast<int>(ExitCode::kRetryable);
    }
    if (status.code < kKilled) {
      return status.code;
    }
    return first ? first->exit_code : status.code;
  }

  void end_attempt(const ExitStatus& status) {
    follow_progress();
    process.reset();
    kill_at.reset();
    const int code = exit_code_of_attempt(status);
    history.push_back({code, last_step});
    const Verdict next = judge(policy, first_step, history, stops_asked > 0);
    if (next.kind == Verdict::Kind::kRestart) {
      finish(run::RunState::kRunning, next.reason, code);
      start_at = clock.steady_now() + next.delay;
      observer.on_message(fmt::format("attempt {} ended: {}; restart {} of {} in {:.1f} s",
                                      record.attempts.size(), record.message, history.size(),
                                      policy.max_restarts,
                                      std::chrono::duration<double>(next.delay).count()));
      return;
    }
    verdict = next;
    finish(state_of(next.kind), next.reason, code);
  }

  static run::RunState state_of(Verdict::Kind kind) {
    switch (kind) {
      case Verdict::Kind::kDone:
        return run::RunState::kDone;
      case Verdict::Kind::kStopped:
        return run::RunState::kStopped;
      case Verdict::Kind::kRestart:
        return run::RunState::kRunning;
      case Verdict::Kind::kFailed:
        return run::RunState::kFailed;
    }
    return run::RunState::kFailed;
  }

  /// Closes the attempt in run.json. The reason of a failure is what the trainer said last.
  void finish(run::RunState state, const std::string& reason, int exit_code) {
    run::AttemptRecord& attempt = record.attempts.back();
    attempt.ended = format_rfc3339(clock.now());
    attempt.exit_code = exit_code;
    record.state = state;
    record.message = state == run::RunState::kDone ? "" : reason;
    const bool failed = state == run::RunState::kFailed || state == run::RunState::kRunning;
    const std::string said = failed ? last_error_line(log_file()) : "";
    if (!said.empty()) {
      record.message += ": " + said;
    }
    save();
  }

  void wait_ended_by_stop() {
    record.state = run::RunState::kStopped;
    record.message = verdict->reason;
    save();
  }

  Clock& clock;
  ProcessRunner& runner;
  SignalSource& signals;
  RunObserver& observer;
  run::RunRecord record;
  const LaunchSpec& spec;
  const RestartPolicy& policy;
  const run::RunLayout layout;
  ProgressFollower follower;
  const std::int64_t first_step;
  std::int64_t last_step;
  std::vector<AttemptEnd> history;
  std::unique_ptr<Process> process;  // null while waiting to restart
  std::chrono::steady_clock::time_point start_at;
  std::optional<std::chrono::steady_clock::time_point> kill_at;
  std::optional<std::chrono::steady_clock::time_point> kill_orphans_at;
  bool by_mpirun = false;
  bool a_rank_left = false;  // of this attempt
  int stops_asked = 0;
  std::optional<Verdict> verdict;
};

Supervisor::Supervisor(Clock& clock, ProcessRunner& runner, SignalSource& signals,
                       RunObserver& observer)
    : clock_(clock), runner_(runner), signals_(signals), observer_(observer) {}

Verdict Supervisor::supervise(run::RunRecord record, const LaunchSpec& spec,
                              const RestartPolicy& policy) {
  Supervision now(*this, std::move(record), spec, policy);
  while (!now.verdict) {
    observer_.on_look();
    now.take_signals();
    if (now.verdict) {
      now.wait_ended_by_stop();
    } else if (!now.process) {
      if (clock_.steady_now() >= now.start_at && now.is_alone()) {
        now.start_attempt();
      }
    } else {
      now.follow_progress();
      now.watch_the_end();
      if (const std::optional<ExitStatus> status = now.process->poll()) {
        now.end_attempt(*status);
        continue;
      }
    }
    if (!now.verdict) {
      clock_.sleep_for(kPollInterval);
    }
  }
  return *now.verdict;
}

Verdict supervise_here(Clock& clock, ProcessRunner& runner, SignalSource& signals,
                       RunObserver& observer, run::RunRecord record, const LaunchSpec& spec,
                       const RestartPolicy& policy) {
  const ProcessIdentity self = this_process();
  record.host = self.host;
  record.supervisor_pid = self.pid;
  record.supervisor_start = self.start_ticks;
  return Supervisor(clock, runner, signals, observer).supervise(std::move(record), spec, policy);
}

}  // namespace temper::launch
