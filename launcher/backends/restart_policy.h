#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

namespace temper::launch {

/// How often and how soon a run is started again.
struct RestartPolicy {
  std::int64_t max_restarts = 3;
  std::chrono::nanoseconds first_delay = std::chrono::seconds(1);  ///< doubles with each restart
  static constexpr std::chrono::nanoseconds kLongestDelay = std::chrono::seconds(60);
  /// So many attempts in a row that add no step end the run.
  static constexpr std::size_t kAttemptsWithoutProgress = 3;
};

/// How one attempt of this supervision ended.
struct AttemptEnd {
  int exit_code = 0;            ///< of the trainer or mpirun; 128 + signal if killed
  std::int64_t last_step = -1;  ///< the highest step of the run reached so far, by any attempt
};

/// What comes next.
struct Verdict {
  enum class Kind { kDone, kStopped, kRestart, kFailed };
  Kind kind = Kind::kFailed;
  std::chrono::nanoseconds delay{0};  ///< kRestart: wait so long
  int exit_code = 1;                  ///< of the supervisor, unless kRestart
  std::string reason;                 ///< one line for people
};

/// Decides after the last attempt of `history` (oldest first, not empty). `first_step` is the
/// highest step that the run had reached before the first of them (-1: none). Pure.
///
/// 0 is done. 75, 85 and death by a signal are restarted; 2, 78, 1 and other codes would end the
/// same way again. Once somebody asked the run to stop, nothing is restarted: whatever state the
/// attempt left behind can be resumed, unless it ended with 2 or 78, which is a failure even so.
Verdict judge(const RestartPolicy& policy, std::int64_t first_step,
              std::span<const AttemptEnd> history, bool stop_asked);

/// "killed by signal 9", "exit code 75 (retryable)" …
std::string describe_exit(int exit_code);

}  // namespace temper::launch
