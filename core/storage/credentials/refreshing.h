#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "core/base/clock.h"

namespace temper::storage {

/// Credentials that expire, fetched when first needed and again before they do; one fetch serves
/// all threads. `Value` has a member `std::optional<system_clock::time_point> expiry`.
template <typename Value>
class Refreshing {
 public:
  /// Fetched anew when less than this is left (what Google's own client takes).
  static constexpr std::chrono::seconds kMargin{225};

  /// `clock` outlives it. `fetch` may throw; that reaches the caller of get().
  Refreshing(std::function<Value()> fetch, Clock& clock)
      : fetch_(std::move(fetch)), clock_(clock) {}

  std::shared_ptr<const Value> get() {
    const std::lock_guard lock(mutex_);
    if (value_ == nullptr || is_old(*value_)) {
      value_ = std::make_shared<const Value>(fetch_());
    }
    return value_;
  }

  /// Forgets the value if `is_it` says that it is the one that was refused. True: get() may bring
  /// a better one.
  bool forget(const std::function<bool(const Value&)>& is_it) {
    const std::lock_guard lock(mutex_);
    if (value_ != nullptr && is_it(*value_)) {
      value_.reset();
    }
    return true;
  }

 private:
  bool is_old(const Value& value) const {
    return value.expiry && clock_.now() + kMargin >= *value.expiry;
  }

  const std::function<Value()> fetch_;
  Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<const Value> value_;  // under mutex_
};

}  // namespace temper::storage
