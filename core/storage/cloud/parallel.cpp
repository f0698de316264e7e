#include "core/storage/cloud/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace temper::storage {

void run_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  std::size_t failed = count;
  const auto run = [&] {
    for (std::size_t index = next++; index < count; index = next++) {
      try {
        work(index);
      } catch (...) {
        next = count;
        const std::lock_guard lock(mutex);
        if (index < failed) {
          failed = index;
          failure = std::current_exception();
        }
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(count, kMaxConnections); ++i) {
      threads.emplace_back(run);
    }
    run();
  }
  if (failure != nullptr) {
    std::rethrow_exception(failure);
  }
}

}  // namespace temper::storage
