#include "tests/support/fake_clock.h"

namespace temper::testing {

using std::chrono::nanoseconds;

std::chrono::system_clock::time_point FakeClock::now() const {
  constexpr std::chrono::sys_days kStart =
      std::chrono::year{2026} / std::chrono::January / std::chrono::day{1};
  const std::lock_guard lock(mutex_);
  return kStart + elapsed_;
}

std::chrono::steady_clock::time_point FakeClock::steady_now() const {
  const std::lock_guard lock(mutex_);
  return std::chrono::steady_clock::time_point{} + elapsed_;
}

void FakeClock::sleep_for(nanoseconds duration) {
  const std::lock_guard lock(mutex_);
  sleeps_.push_back(duration);
  elapsed_ += duration;
}

void FakeClock::advance(nanoseconds duration) {
  const std::lock_guard lock(mutex_);
  elapsed_ += duration;
}

std::vector<nanoseconds> FakeClock::sleeps() const {
  const std::lock_guard lock(mutex_);
  return sleeps_;
}

}  // namespace temper::testing
