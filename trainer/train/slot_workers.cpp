#include "trainer/train/slot_workers.h"

#include <fmt/format.h>

#include <algorithm>

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

void SlotWorkers::run_parts(std::int64_t num_parts, const std::function<void(std::int64_t)>& part) {
  if (num_parts < 2 || num_idle_ == 0) {
    for (std::int64_t i = 0; i < num_parts; ++i) {
      part(i);
    }
    return;
  }
  SharedParts parts{part, num_parts};
  std::unique_lock lock(mutex_);
  shared_.push_back(&parts);
  changed_.notify_all();
  lock.unlock();
  take_parts(parts);
  lock.lock();
  std::erase(shared_, &parts);
  changed_.wait(lock, [&] { return parts.num_helpers == 0; });
  if (parts.failure) {
    std::rethrow_exception(parts.failure);
  }
}

void SlotWorkers::take_parts(SharedParts& parts) {
  for (std::int64_t i = parts.next++; i < parts.count; i = parts.next++) {
    try {
      parts.part(i);
    } catch (...) {
      parts.next = parts.count;
      const std::lock_guard lock(mutex_);
      if (!parts.failure) {
        parts.failure = std::current_exception();
      }
    }
  }
}

SlotWorkers::SharedParts* SlotWorkers::find_parts() const {
  const auto found = std::find_if(shared_.begin(), shared_.end(), [](const SharedParts* parts) {
    return parts->next < parts->count;
  });
  return found == shared_.end() ? nullptr : *found;
}

void SlotWorkers::work(int worker, const std::stop_token& stop) {
  model::on_slot_worker_thread();
  std::unique_lock lock(mutex_);
  while (true) {
    ++num_idle_;
    SharedParts* parts = nullptr;
    const bool has_work = changed_.wait(lock, stop, [&] {
      parts = has_item() ? nullptr : find_parts();
      return has_item() || parts != nullptr;
    });
    --num_idle_;
    if (!has_work) {
      return;
    }
    if (parts != nullptr) {
      help(*parts, lock);
    } else {
      do_item(worker, lock);
    }
  }
}

void SlotWorkers::do_item(int worker, std::unique_lock<std::mutex>& lock) {
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

void SlotWorkers::help(SharedParts& parts, std::unique_lock<std::mutex>& lock) {
  ++parts.num_helpers;
  lock.unlock();
  take_parts(parts);
  lock.lock();
  if (--parts.num_helpers == 0) {
    changed_.notify_all();
  }
}

}  // namespace temper::train
