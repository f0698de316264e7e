#include "launcher/backends/slurm/requeue.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "core/base/error.h"
#include "launcher/backends/restart_policy.h"

namespace temper::launch {
namespace {

/// Whether the last attempts took the run further than those before them.
bool makes_progress(const std::vector<run::AttemptRecord>& attempts) {
  constexpr std::size_t kAttempts = RestartPolicy::kAttemptsWithoutProgress;
  if (attempts.size() < kAttempts) {
    return true;
  }
  const auto first_of_last = attempts.end() - kAttempts;
  const auto furthest = [](auto begin, auto end) {
    std::int64_t step = -1;
    for (auto attempt = begin; attempt != end; ++attempt) {
      step = std::max(step, attempt->last_step);
    }
    return step;
  };
  return furthest(first_of_last, attempts.end()) > furthest(attempts.begin(), first_of_last);
}

}  // namespace

Requeue judge_job(const JobEnd& end, const std::vector<run::AttemptRecord>& attempts) {
  using Kind = Requeue::Kind;
  const bool stopped = end.state == run::RunState::kStopped;
  if (end.state == run::RunState::kDone || end.stop_requested) {
    return {Kind::kEnd, ""};
  }
  if (stopped && end.first_signal == SIGUSR2) {
    if (!makes_progress(attempts)) {
      return {Kind::kEnd,
              fmt::format("the time limit came, and {} attempts in a row added no step: "
                          "not queued again; give it more time_limit_minutes",
                          RestartPolicy::kAttemptsWithoutProgress)};
    }
    return {Kind::kAgain, "the time limit came: the state is saved, the job is queued again"};
  }
  if (stopped && end.first_signal == SIGTERM) {
    return {Kind::kLeaveToSlurm, "Slurm took the job away; the state is saved"};
  }
  const bool retryable = end.state == run::RunState::kFailed &&
                         end.exit_code == static_cast<int>(ExitCode::kRetryable);
  if (retryable && end.num_requeues < end.max_restarts && makes_progress(attempts)) {
    return {Kind::kAgain,
            fmt::format("restarts on these nodes did not help: the job is queued again, {} of {}",
                        end.num_requeues + 1, end.max_restarts)};
  }
  return {Kind::kEnd, ""};
}

}  // namespace temper::launch
