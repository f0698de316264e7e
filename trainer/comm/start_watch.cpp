#include "trainer/comm/start_watch.h"

#include <utility>

namespace temper::comm {

StartWatch::StartWatch(std::chrono::nanoseconds patience, std::function<void()> on_late)
    : thread_([this, patience, on_late = std::move(on_late)] {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [this] { return is_over_; })) {
          lock.unlock();
          on_late();
        }
      }) {}

StartWatch::~StartWatch() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

}  // namespace temper::comm
