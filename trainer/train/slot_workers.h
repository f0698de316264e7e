#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/timeline.h"
#include "trainer/model/part_runner.h"

namespace temper::train {

/// A fixed pool of threads that compute a step's slots, a slot each, and the optimizer's blocks.
/// Those that find no slot left help with the parts of the others' kernels: a step of one long slot
/// keeps all of them busy.
class SlotWorkers final : public model::PartRunner {
 public:
  /// Threads are named in `timeline`, if there is one.
  explicit SlotWorkers(int num_workers, Timeline* timeline = nullptr);
  ~SlotWorkers() override;  // joins
  SlotWorkers(const SlotWorkers&) = delete;
  SlotWorkers& operator=(const SlotWorkers&) = delete;

  int size() const { return static_cast<int>(threads_.size()); }
  /// Workers that would help now.
  int num_idle() const { return num_idle_; }

  /// Calls task(worker, item) for every item in [0, num_items), in increasing order of start, and
  /// waits for all. The first exception is thrown here. One caller at a time.
  void run(std::int64_t num_items, const std::function<void(int worker, std::int64_t item)>& task);

  /// For tasks. Costs a look at a counter where no worker is idle.
  void run_parts(std::int64_t num_parts, const std::function<void(std::int64_t)>& part) override;

 private:
  /// The parts of a kernel that other workers may help with.
  struct SharedParts {
    const std::function<void(std::int64_t)>& part;
    const std::int64_t count;
    std::atomic<std::int64_t> next = 0;
    int num_helpers = 0;         // guarded by mutex_, like the failure
    std::exception_ptr failure;  // the first
  };

  void work(int worker, const std::stop_token& stop);
  void do_item(int worker, std::unique_lock<std::mutex>& lock);
  void help(SharedParts& parts, std::unique_lock<std::mutex>& lock);
  void take_parts(SharedParts& parts);
  SharedParts* find_parts() const;
  bool has_item() const { return task_ != nullptr && next_item_ < num_items_; }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::atomic<int> num_idle_ = 0;
  const std::function<void(int, std::int64_t)>* task_ =
      nullptr;  // guarded by mutex_, like all below
  std::int64_t num_items_ = 0;
  std::int64_t next_item_ = 0;
  std::int64_t unfinished_ = 0;
  std::exception_ptr failure_;
  std::vector<SharedParts*> shared_;
  std::vector<std::jthread> threads_;  // last: joined before the rest goes
};

}  // namespace temper::train
