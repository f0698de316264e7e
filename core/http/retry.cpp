#include "core/http/retry.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <mutex>
#include <random>

#include "core/base/error.h"

namespace temper::http {
namespace {

struct Rule {
  int status;
  Verdict repeatable;
  Verdict not_repeatable;
};

constexpr std::array kRules = {
    Rule{401, Verdict::kRefresh, Verdict::kRefresh},  // refused before anything was done
    Rule{408, Verdict::kRetry, Verdict::kDone},      Rule{429, Verdict::kRetry, Verdict::kDone},
    Rule{500, Verdict::kRetry, Verdict::kDone},      Rule{502, Verdict::kRetry, Verdict::kDone},
    Rule{503, Verdict::kRetry, Verdict::kDone},      Rule{504, Verdict::kRetry, Verdict::kDone},
};

/// Stop is looked at this often during a wait.
constexpr std::chrono::milliseconds kSlice{200};

struct SystemJitter {
  std::mutex mutex;
  std::mt19937_64 engine{std::random_device()()};
};

}  // namespace

Verdict judge_status(int status, Idempotency idempotency) {
  for (const Rule& rule : kRules) {
    if (rule.status == status) {
      return idempotency == Idempotency::kAlways ? rule.repeatable : rule.not_repeatable;
    }
  }
  return Verdict::kDone;
}

RetryPolicy default_retry_policy() {
  RetryPolicy policy;
  policy.jitter = [state = std::make_shared<SystemJitter>()] {
    const std::lock_guard lock(state->mutex);
    return std::uniform_real_distribution<double>(0, 1)(state->engine);
  };
  return policy;
}

RetryBudget::RetryBudget(std::string action, const RetryPolicy& policy, Clock& clock,
                         const Logger& logger, Counters& counters, std::stop_token stop)
    : action_(std::move(action)),
      policy_(policy),
      clock_(clock),
      logger_(logger),
      counters_(counters),
      stop_(std::move(stop)),
      last_progress_(clock.steady_now()) {}

void RetryBudget::note_progress() {
  last_progress_ = clock_.steady_now();
  num_waits_ = 0;
}

std::chrono::nanoseconds RetryBudget::next_wait(std::optional<std::chrono::seconds> at_least) {
  const double longest = std::min(static_cast<double>(policy_.cap.count()),
                                  static_cast<double>(policy_.initial.count()) *
                                      std::pow(policy_.multiplier, std::min(num_waits_, 60)));
  const auto jittered = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double, std::milli>(longest * policy_.jitter()));
  return std::max<std::chrono::nanoseconds>(jittered, at_least.value_or(std::chrono::seconds(0)));
}

void RetryBudget::wait(const std::string& problem, std::optional<std::chrono::seconds> at_least) {
  if (stop_.stop_requested()) {
    throw RetryableError(fmt::format("cannot {}: cancelled after: {}", action_, problem));
  }
  const std::chrono::nanoseconds duration = next_wait(at_least);
  const std::chrono::duration<double> waited = clock_.steady_now() - last_progress_;
  if (waited + duration > policy_.patience) {
    ++counters_.failures;
    throw RetryableError(
        fmt::format("cannot {}: {}. Gave up after {} retries and {:.0f} s without progress; try "
                    "again when the service is back",
                    action_, problem, num_retries_, waited.count()));
  }
  ++num_waits_;
  ++num_retries_;
  ++counters_.retries;
  logger_.warning("cannot {} yet: {}; retry {} in {:.2f} s", action_, problem, num_retries_,
                  std::chrono::duration<double>(duration).count());
  sleep(duration);
}

void RetryBudget::sleep(std::chrono::nanoseconds duration) {
  if (!stop_.stop_possible()) {
    clock_.sleep_for(duration);
    return;
  }
  while (duration.count() > 0 && !stop_.stop_requested()) {
    const auto slice = std::min<std::chrono::nanoseconds>(duration, kSlice);
    clock_.sleep_for(slice);
    duration -= slice;
  }
}

}  // namespace temper::http
