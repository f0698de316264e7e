#pragma once

#include <chrono>
#include <mutex>
#include <vector>

#include "core/base/clock.h"

namespace temper::testing {

/// A clock that only moves when somebody sleeps or the test says so. Starts at
/// 2026-01-01T00:00:00Z. Thread-safe.
class FakeClock final : public Clock {
 public:
  std::chrono::system_clock::time_point now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
  /// Returns at once, later.
  void sleep_for(std::chrono::nanoseconds duration) override;

  void advance(std::chrono::nanoseconds duration);
  /// All sleeps so far, in order.
  std::vector<std::chrono::nanoseconds> sleeps() const;

 private:
  mutable std::mutex mutex_;
  std::chrono::nanoseconds elapsed_{0};
  std::vector<std::chrono::nanoseconds> sleeps_;
};

}  // namespace temper::testing
