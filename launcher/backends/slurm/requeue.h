#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/run/run_record.h"

namespace temper::launch {

/// How the attempts of one job ended, and what is asked of the run.
struct JobEnd {
  run::RunState state = run::RunState::kDone;
  int exit_code = 0;                ///< of the supervision
  std::optional<int> first_signal;  ///< that Slurm or a person sent to it
  bool stop_requested = false;      ///< by `temper cancel`: the run is to stay stopped
  std::int64_t num_requeues = 0;    ///< of this job so far, SLURM_RESTART_COUNT
  std::int64_t max_restarts = 0;    ///< the cluster file's
};

/// What becomes of the job.
struct Requeue {
  enum class Kind { kEnd, kAgain, kLeaveToSlurm };
  Kind kind = Kind::kEnd;
  std::string reason;  ///< one line for people
};

/// kAgain: the job shall be queued again. That is so when the time limit came (SIGUSR2 by
/// --signal), as long as attempts make progress, and when restarts on these nodes did not help
/// against a retryable end (75), max_restarts times: other nodes may. kLeaveToSlurm: Slurm took the
/// job away (SIGTERM: preempted, or scancel) and decides itself whether it is queued again. Else
/// the end is final: done, stopped by `temper cancel`, 2, 78, 1. Pure.
Requeue judge_job(const JobEnd& end, const std::vector<run::AttemptRecord>& attempts);

}  // namespace temper::launch
