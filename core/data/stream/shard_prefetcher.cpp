#include "core/data/stream/shard_prefetcher.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace temper::data {

class ShardPrefetcher::Workers {
 public:
  Workers(const Dataset& dataset, const PositionOrder& order, const Options& options)
      : dataset_(dataset),
        order_(order),
        options_(options),
        position_(options.first_position),
        planned_to_(options.first_position) {
    for (int i = 0; i < options.num_threads; ++i) {
      threads_.emplace_back([this] { fetch_until_stopped(); });
    }
  }
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void advance(std::uint64_t position) {
    {
      const std::lock_guard lock(mutex_);
      if (position <= position_) {
        return;
      }
      position_ = position;
      if (windows_.empty() || position_ < windows_.front().end_position) {
        return;
      }
    }
    changed_.notify_all();
  }

 private:
  struct Planned {
    std::uint64_t end_position = 0;
    std::uint64_t bytes = 0;
    std::vector<std::uint64_t> to_fetch;  // from the back
  };

  /// Appends the window at planned_to_. Under the mutex.
  void plan_window() {
    const PositionOrder::Window window = order_.window_at(planned_to_);
    Planned planned;
    planned.end_position = window.end_position;
    std::vector<std::uint64_t> shards = window.shards;
    const std::size_t turn = shards.size() * static_cast<std::size_t>(options_.rank) /
                             static_cast<std::size_t>(options_.num_ranks);
    std::rotate(shards.begin(), shards.begin() + static_cast<std::ptrdiff_t>(turn), shards.end());
    planned.to_fetch.assign(shards.rbegin(), shards.rend());
    for (const std::uint64_t shard : shards) {
      planned.bytes += dataset_.shard(shard).fetch_bytes();
    }
    planned_to_ = window.end_position;
    windows_.push_back(std::move(planned));
  }

  /// The next shard to fetch, if one may be fetched now. Under the mutex.
  std::optional<std::uint64_t> next_shard() {
    while (!windows_.empty() && windows_.front().end_position <= position_) {
      windows_.pop_front();
    }
    planned_to_ = std::max(planned_to_, position_);
    while (true) {
      std::uint64_t bytes_ahead = 0;
      for (Planned& window : windows_) {
        if (!window.to_fetch.empty()) {
          const std::uint64_t shard = window.to_fetch.back();
          window.to_fetch.pop_back();
          return shard;
        }
        bytes_ahead += &window == &windows_.front() ? 0 : window.bytes;
      }
      const bool may_plan = planned_to_ < options_.end_position &&
                            (windows_.empty() || bytes_ahead < options_.max_bytes_ahead);
      if (!may_plan) {
        return std::nullopt;
      }
      plan_window();
    }
  }

  void fetch_until_stopped() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const auto shard = next_shard();
      if (!shard) {
        changed_.wait(lock);
        continue;
      }
      lock.unlock();
      try {
        dataset_.shard(*shard).fetch();
      } catch (const std::exception&) {
        // The reader will meet it, with the position that it belongs to.
      }
      lock.lock();
    }
  }

  const Dataset& dataset_;
  const PositionOrder& order_;
  const Options options_;

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::uint64_t position_;
  std::uint64_t planned_to_;
  std::deque<Planned> windows_;  // that of position_ first
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

ShardPrefetcher::ShardPrefetcher(const Dataset& dataset, const PositionOrder& order,
                                 const Options& options)
    : workers_(std::make_unique<Workers>(dataset, order, options)) {}

ShardPrefetcher::~ShardPrefetcher() = default;

void ShardPrefetcher::advance(std::uint64_t position) {
  workers_->advance(position);
}

}  // namespace temper::data
