#include "launcher/backends/restart_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/check.h"
#include "core/base/error.h"

namespace temper::launch {
namespace {

constexpr int kSignalBase = 128;

bool is_exit(int code, ExitCode expected) {
  return code == static_cast<int>(expected);
}

bool killed_by_signal(int code) {
  return code > kSignalBase;
}

bool is_retryable(int code) {
  return is_exit(code, ExitCode::kRetryable) || is_exit(code, ExitCode::kCheckpointed) ||
         killed_by_signal(code);
}

/// The trainer itself says that nothing but a change of the recipe, data or machine would help.
bool is_final(int code) {
  return is_exit(code, ExitCode::kUser) || is_exit(code, ExitCode::kFatal);
}

/// The supervisor's own code when it gives up on something that another start might still mend.
int code_of_giving_up(int code) {
  return killed_by_signal(code) ? static_cast<int>(ExitCode::kRetryable) : code;
}

std::chrono::nanoseconds delay_before_restart(const RestartPolicy& policy, std::size_t restarts) {
  std::chrono::nanoseconds delay = policy.first_delay;
  for (std::size_t i = 0; i < restarts && delay < RestartPolicy::kLongestDelay; ++i) {
    delay *= 2;
  }
  return std::min(delay, RestartPolicy::kLongestDelay);
}

bool made_no_progress(std::int64_t first_step, std::span<const AttemptEnd> history) {
  constexpr std::size_t kAttempts = RestartPolicy::kAttemptsWithoutProgress;
  if (history.size() < kAttempts) {
    return false;
  }
  const std::size_t before = history.size() - kAttempts;
  const std::int64_t reached_before = before == 0 ? first_step : history[before - 1].last_step;
  return history.back().last_step <= reached_before;
}

}  // namespace

std::string describe_exit(int exit_code) {
  if (killed_by_signal(exit_code)) {
    return fmt::format("killed by signal {}", exit_code - kSignalBase);
  }
  const char* meaning = "unknown";
  switch (static_cast<ExitCode>(exit_code)) {
    case ExitCode::kDone:
      meaning = "done";
      break;
    case ExitCode::kInternal:
      meaning = "internal error";
      break;
    case ExitCode::kUser:
      meaning = "user error";
      break;
    case ExitCode::kRetryable:
      meaning = "retryable";
      break;
    case ExitCode::kFatal:
      meaning = "fatal for this recipe";
      break;
    case ExitCode::kCheckpointed:
      meaning = "checkpointed";
      break;
  }
  return fmt::format("exit code {} ({})", exit_code, meaning);
}

Verdict judge(const RestartPolicy& policy, std::int64_t first_step,
              std::span<const AttemptEnd> history, bool stop_asked) {
  CHECK(!history.empty());
  const int code = history.back().exit_code;
  const std::string how = describe_exit(code);
  if (is_exit(code, ExitCode::kDone)) {
    return {Verdict::Kind::kDone, {}, 0, "done"};
  }
  if (stop_asked && !is_final(code)) {
    return {Verdict::Kind::kStopped,
            {},
            static_cast<int>(ExitCode::kCheckpointed),
            is_exit(code, ExitCode::kCheckpointed)
                ? "stopped as asked; the state is saved"
                : fmt::format("stopped as asked, {}; the last checkpoint stands", how)};
  }
  if (!is_retryable(code)) {
    return {Verdict::Kind::kFailed, {}, code, how + "; a restart would end the same way"};
  }
  const std::size_t restarts = history.size() - 1;
  if (made_no_progress(first_step, history)) {
    return {Verdict::Kind::kFailed,
            {},
            code_of_giving_up(code),
            fmt::format("{}; gave up: {} attempts in a row added no step", how,
                        RestartPolicy::kAttemptsWithoutProgress)};
  }
  if (restarts >= static_cast<std::size_t>(policy.max_restarts)) {
    return {Verdict::Kind::kFailed,
            {},
            code_of_giving_up(code),
            fmt::format("{}; gave up after {} restarts (max_restarts)", how, restarts)};
  }
  return {Verdict::Kind::kRestart, delay_before_restart(policy, restarts), 0, how};
}

}  // namespace temper::launch
