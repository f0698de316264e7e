#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace temper::comm {

/// Watches over the time before there are heartbeats: ranks that wait for each other in MPI_Init or
/// at a rendezvous would wait for a frozen one for ever. Calls `on_late`, in a thread of its own,
/// unless it is destroyed before `patience` is over.
class StartWatch {
 public:
  StartWatch(std::chrono::nanoseconds patience, std::function<void()> on_late);
  ~StartWatch();
  StartWatch(const StartWatch&) = delete;
  StartWatch& operator=(const StartWatch&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace temper::comm
