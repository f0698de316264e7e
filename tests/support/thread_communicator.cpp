#include "tests/support/thread_communicator.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/error.h"

namespace temper::testing {

using ConstBytes = std::span<const std::byte>;

/// Ranks lay out what they offer, meet, copy from each other, and meet again before they take it
/// away.
class ThreadGroup::Exchange {
 public:
  Exchange(int size, std::chrono::milliseconds timeout)
      : size_(size), timeout_(timeout), offers_(static_cast<std::size_t>(size)) {}

  int size() const { return size_; }

  /// Lays out a rank's parts (one for each rank, or one for all) and waits for all ranks'.
  void offer(int rank, std::vector<ConstBytes> parts) {
    offers_[static_cast<std::size_t>(rank)] = std::move(parts);
    meet(rank);
  }
  const std::vector<ConstBytes>& offer_of(int rank) const {
    return offers_[static_cast<std::size_t>(rank)];
  }

  void meet(int rank) {
    std::unique_lock lock(mutex_);
    throw_if_failed(rank);
    if (++arrived_ == size_) {
      arrived_ = 0;
      ++meeting_;
      changed_.notify_all();
      return;
    }
    const std::uint64_t meeting = meeting_;
    const bool met = changed_.wait_for(lock, timeout_, [&] {
      return meeting_ != meeting || failure_.has_value() || interrupted_.contains(rank);
    });
    if (meeting_ != meeting) {
      return;
    }
    if (!met) {
      failure_ = "a rank did not come in time";
      changed_.notify_all();
    }
    throw_if_failed(rank);
  }

  void fail(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (!failure_) {
      failure_ = reason;
    }
    changed_.notify_all();
  }

  void interrupt(int rank) {
    const std::lock_guard lock(mutex_);
    interrupted_.insert(rank);
    changed_.notify_all();
  }

 private:
  void throw_if_failed(int rank) const {
    if (failure_) {
      throw RetryableError("thread ranks: " + *failure_);
    }
    if (interrupted_.contains(rank)) {
      throw RetryableError("thread ranks: interrupted");
    }
  }

  const int size_;
  const std::chrono::milliseconds timeout_;
  std::vector<std::vector<ConstBytes>> offers_;  // by rank; stable between two meetings
  std::mutex mutex_;                             // guards all below
  std::condition_variable changed_;
  int arrived_ = 0;
  std::uint64_t meeting_ = 0;
  std::optional<std::string> failure_;
  std::set<int> interrupted_;
};

namespace {

class ThreadCommunicator final : public comm::Communicator {
 public:
  ThreadCommunicator(ThreadGroup::Exchange& exchange, int rank)
      : exchange_(exchange), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return exchange_.size(); }
  std::string name() const override { return "threads"; }

  void barrier() override { exchange_.meet(rank_); }

  void broadcast(std::span<std::byte> bytes, int root) override {
    CHECK(0 <= root && root < size(), "root {} of {}", root, size());
    exchange_.offer(rank_, {bytes});
    if (rank_ != root) {
      copy_exactly(exchange_.offer_of(root)[0], bytes);
    }
    exchange_.meet(rank_);
  }

  std::vector<std::vector<std::byte>> all_gather(ConstBytes bytes) override {
    exchange_.offer(rank_, {bytes});
    std::vector<std::vector<std::byte>> parts;
    for (int r = 0; r < size(); ++r) {
      const ConstBytes part = exchange_.offer_of(r)[0];
      parts.emplace_back(part.begin(), part.end());
    }
    exchange_.meet(rank_);
    return parts;
  }

  std::vector<std::vector<std::byte>> all_to_all(const std::vector<ConstBytes>& send) override {
    CHECK(std::ssize(send) == size(), "{} parts for {} ranks", send.size(), size());
    exchange_.offer(rank_, send);
    std::vector<std::vector<std::byte>> parts;
    for (int r = 0; r < size(); ++r) {
      const ConstBytes part = exchange_.offer_of(r)[own_index()];
      parts.emplace_back(part.begin(), part.end());
    }
    exchange_.meet(rank_);
    return parts;
  }

  void all_to_all_into(const std::vector<ConstBytes>& send,
                       const std::vector<std::span<std::byte>>& receive) override {
    CHECK(std::ssize(send) == size() && std::ssize(receive) == size(),
          "{} and {} parts for {} ranks", send.size(), receive.size(), size());
    exchange_.offer(rank_, send);
    for (int r = 0; r < size(); ++r) {
      copy_exactly(exchange_.offer_of(r)[own_index()], receive[static_cast<std::size_t>(r)]);
    }
    exchange_.meet(rank_);
  }

  void all_gather_into(std::span<std::byte> all, std::span<const std::size_t> offsets) override {
    CHECK(std::ssize(offsets) == size() + 1 && std::is_sorted(offsets.begin(), offsets.end()) &&
              offsets.back() <= all.size(),
          "{} offsets for {} ranks and {} bytes", offsets.size(), size(), all.size());
    const auto chunk = [&](int r) {
      const auto index = static_cast<std::size_t>(r);
      return all.subspan(offsets[index], offsets[index + 1] - offsets[index]);
    };
    exchange_.offer(rank_, {chunk(rank_)});
    for (int r = 0; r < size(); ++r) {
      if (r != rank_) {
        copy_exactly(exchange_.offer_of(r)[0], chunk(r));
      }
    }
    exchange_.meet(rank_);
  }

 private:
  std::size_t own_index() const { return static_cast<std::size_t>(rank_); }

  static void copy_exactly(ConstBytes from, std::span<std::byte> to) {
    CHECK(from.size() == to.size(), "{} bytes into {}", from.size(), to.size());
    std::copy(from.begin(), from.end(), to.begin());
  }

  ThreadGroup::Exchange& exchange_;
  int rank_;
};

}  // namespace

ThreadGroup::ThreadGroup(int size, std::chrono::milliseconds timeout)
    : exchange_(std::make_unique<Exchange>(size, timeout)) {
  CHECK(size > 0, "{} ranks", size);
}

ThreadGroup::~ThreadGroup() = default;

std::unique_ptr<comm::Communicator> ThreadGroup::communicator(int rank) {
  CHECK(0 <= rank && rank < exchange_->size(), "rank {} of {}", rank, exchange_->size());
  return std::make_unique<ThreadCommunicator>(*exchange_, rank);
}

void ThreadGroup::fail(const std::string& reason) {
  exchange_->fail(reason);
}

void ThreadGroup::interrupt(int rank) {
  exchange_->interrupt(rank);
}

}  // namespace temper::testing
