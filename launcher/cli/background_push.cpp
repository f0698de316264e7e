#include "launcher/cli/background_push.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace temper::launch {

BackgroundPush::BackgroundPush(std::function<void()> push, Clock& clock)
    : push_(std::move(push)), clock_(clock), last_request_(clock.steady_now()) {
  thread_ = std::thread([this] { work(); });
}

BackgroundPush::~BackgroundPush() {
  stop();
}

void BackgroundPush::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void BackgroundPush::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return requested_ || stopping_; });
    if (stopping_) {
      return;
    }
    requested_ = false;
    lock.unlock();
    std::string problem;
    const auto began = clock_.steady_now();
    try {
      push_();
    } catch (const std::exception& error) {
      problem = error.what();
    }
    const std::chrono::nanoseconds took = clock_.steady_now() - began;
    lock.lock();
    rest_ = std::max<std::chrono::nanoseconds>(kInterval, kRest * took);
    problem_ = std::move(problem);
  }
}

void BackgroundPush::tick() {
  bool due = false;
  {
    const std::lock_guard lock(mutex_);
    due = clock_.steady_now() - last_request_ >= rest_;
  }
  if (due) {
    request();
  }
}

void BackgroundPush::request() {
  last_request_ = clock_.steady_now();
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  wake_.notify_all();
}

std::string BackgroundPush::take_problem() {
  std::string problem;
  const std::lock_guard lock(mutex_);
  problem.swap(problem_);
  return problem;
}

void BackgroundPush::finish() {
  stop();
  push_();
}

}  // namespace temper::launch
