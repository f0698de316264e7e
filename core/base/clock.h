#pragma once

#include <chrono>

namespace temper {

/// The only way to read the time or to wait. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall-clock time, for people and records; may jump.
  virtual std::chrono::system_clock::time_point now() const = 0;
  /// Monotonic time, for durations.
  virtual std::chrono::steady_clock::time_point steady_now() const = 0;
  virtual void sleep_for(std::chrono::nanoseconds duration) = 0;
};

class SystemClock final : public Clock {
 public:
  std::chrono::system_clock::time_point now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
  void sleep_for(std::chrono::nanoseconds duration) override;
};

}  // namespace temper
