#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "core/base/clock.h"

namespace temper::launch {

/// Copies something to a store again and again, in a thread of its own, so that a slow store keeps
/// nobody waiting. All methods but the copying are called by one thread.
class BackgroundPush {
 public:
  static constexpr std::chrono::seconds kInterval{10};
  /// After a push that took long comes a rest of so many times as long.
  static constexpr int kRest = 9;

  /// `push` is called by one thread at a time; it and `clock` outlive this.
  BackgroundPush(std::function<void()> push, Clock& clock);
  /// Ends the thread; what was not pushed yet is not.
  ~BackgroundPush();
  BackgroundPush(const BackgroundPush&) = delete;
  BackgroundPush& operator=(const BackgroundPush&) = delete;

  /// Time goes by: pushes if the last push was asked for kInterval ago, or a longer rest.
  void tick();
  /// Pushes as soon as the thread is free.
  void request();
  /// What went wrong in the background since the last call; "" if nothing did.
  std::string take_problem();
  /// Waits for the thread and pushes a last time, in the caller's thread; its errors are thrown.
  void finish();

 private:
  void work();
  void stop();

  const std::function<void()> push_;
  Clock& clock_;
  std::chrono::steady_clock::time_point last_request_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool requested_ = false;  // under mutex_, like all below
  bool stopping_ = false;
  std::chrono::nanoseconds rest_ = kInterval;
  std::string problem_;
  std::thread thread_;
};

}  // namespace temper::launch
