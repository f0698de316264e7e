#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/timeline.h"

namespace temper::train {

/// A fixed pool of threads, each without parallelism inside: a slot is one thread's work. Also runs
/// the optimizer's blocks. Used by one caller at a time.
class SlotWorkers {
 public:
  /// Threads are named in `timeline`, if there is one.
  explicit SlotWorkers(int num_workers, Timeline* timeline = nullptr);
  ~SlotWorkers();  // joins
  SlotWorkers(const SlotWorkers&) = delete;
  SlotWorkers& operator=(const SlotWorkers&) = delete;

  int size() const { return static_cast<int>(threads_.size()); }

  /// Calls task(worker, item) for every item in [0, num_items), in increasing order of start, and
  /// waits for all. The first exception is thrown here.
  void run(std::int64_t num_items, const std::function<void(int worker, std::int64_t item)>& task);

 private:
  void work(int worker, const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  const std::function<void(int, std::int64_t)>* task_ =
      nullptr;  // guarded by mutex_, like all below
  std::int64_t num_items_ = 0;
  std::int64_t next_item_ = 0;
  std::int64_t unfinished_ = 0;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;  // last: joined before the rest goes
};

}  // namespace temper::train
