#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/http/http_message.h"

namespace temper::http {

/// Whether doing an operation twice is the same as once.
enum class Idempotency {
  kAlways,  ///< reads, lists, and writes that carry a precondition
  kNever,   ///< a lost answer must not be followed by the same request
};

/// What to do after an answer.
enum class Verdict {
  kDone,     ///< it is the caller's: success, or a status that another try would not change
  kRetry,    ///< wait and send again
  kRefresh,  ///< new credentials, then send again; once
};

/// The table: 408, 429, 500, 502, 503 and 504 are tried again if the operation may be repeated; a
/// 401 asks for new credentials; all else is the caller's.
Verdict judge_status(int status, Idempotency idempotency);

/// Truncated exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS
/// Architecture Blog, 2015): each wait is uniform in [0, min(cap, initial * multiplier^n)].
struct RetryPolicy {
  std::chrono::milliseconds initial{1000};
  double multiplier = 2.0;
  std::chrono::milliseconds cap{32'000};
  /// Given up when nothing has progressed for so long.
  std::chrono::milliseconds patience{180'000};
  /// Uniform in [0, 1). Thread-safe.
  std::function<double()> jitter;
};
/// The defaults with a jitter from the system's randomness.
RetryPolicy default_retry_policy();

/// What a store did, for metrics.
struct Counters {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> retries{0};
  std::atomic<std::uint64_t> failures{0};  ///< operations given up after retries
  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<std::uint64_t> bytes_received{0};
};

/// The waits of one operation. For one thread.
class RetryBudget {
 public:
  /// `action` is for messages: "write gs://bucket/key". The references outlive the budget.
  RetryBudget(std::string action, const RetryPolicy& policy, Clock& clock, const Logger& logger,
              Counters& counters, std::stop_token stop);

  /// Something moved: the deadline moves too and the next wait is short again.
  void note_progress();

  /// Waits before the next try, at least `at_least` (Retry-After), and logs why. Throws
  /// RetryableError when the patience is over, or at once if stop was requested.
  void wait(const std::string& problem, std::optional<std::chrono::seconds> at_least = {});

  const std::string& action() const { return action_; }

 private:
  std::chrono::nanoseconds next_wait(std::optional<std::chrono::seconds> at_least);
  void sleep(std::chrono::nanoseconds duration);

  const std::string action_;
  const RetryPolicy& policy_;
  Clock& clock_;
  const Logger& logger_;
  Counters& counters_;
  const std::stop_token stop_;
  int num_waits_ = 0;    // since progress
  int num_retries_ = 0;  // in all
  std::chrono::steady_clock::time_point last_progress_;
};

}  // namespace temper::http
