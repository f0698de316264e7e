#include "trainer/train/slot_workers.h"

#include <fmt/format.h>

#include "trainer/model/kernels.h"

namespace temper::train {

SlotWorkers::SlotWorkers(int num_workers, Timeline* timeline) {
  for (int worker = 0; worker < num_workers; ++worker) {
    threads_.emplace_back([this, worker, timeline](const std::stop_token& stop) {
      if (timeline != nullptr) {
        timeline->name_this_thread(fmt::format("slot worker {}", worker));
      }
      work(worker, stop);
    });
  }
}

SlotWorkers::~SlotWorkers() = default;

void SlotWorkers::run(std::int64_t num_items, const std::function<void(int, std::int64_t)>& task) {
  std::unique_lock lock(mutex_);
  task_ = &task;
  num_items_ = num_items;
  next_item_ = 0;
  unfinished_ = num_items;
  failure_ = nullptr;
  changed_.notify_all();
  changed_.wait(lock, [this] { return unfinished_ == 0; });
  task_ = nullptr;
  if (failure_) {
    std::rethrow_exception(failure_);
  }
}

void SlotWorkers::work(int worker, const std::stop_token& stop) {
  model::on_slot_worker_thread();
  std::unique_lock lock(mutex_);
  while (
      changed_.wait(lock, stop, [this] { return task_ != nullptr && next_item_ < num_items_; })) {
    const std::int64_t item = next_item_++;
    const auto* task = task_;
    lock.unlock();
    std::exception_ptr failure;
    try {
      (*task)(worker, item);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure && !failure_) {
      failure_ = failure;
    }
    if (--unfinished_ == 0) {
      changed_.notify_all();
    }
  }
}

}  // namespace temper::train
