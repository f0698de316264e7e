#include "tests/support/faulty_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace temper::testing {

using storage::StorageError;

FaultyStore::FaultyStore(storage::ObjectStore& inner) : inner_(inner) {}

void FaultyStore::fail(const Fault& fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  has_failed_ = false;
}

void FaultyStore::heal() {
  const std::lock_guard lock(mutex_);
  fault_.reset();
}

bool FaultyStore::has_failed() const {
  const std::lock_guard lock(mutex_);
  return has_failed_;
}

int FaultyStore::num_operations() const {
  const std::lock_guard lock(mutex_);
  return num_operations_;
}

void FaultyStore::drop_last_writes(std::size_t count) {
  const std::lock_guard lock(mutex_);
  for (; count > 0 && !changes_.empty(); --count) {
    const Change change = std::move(changes_.back());
    changes_.pop_back();
    if (change.before) {
      inner_.write(change.key, *change.before);
    } else {
      inner_.remove(change.key);
    }
  }
}

bool FaultyStore::is_hit(Operation operation) const {
  if (!fault_ || (has_failed_ && !fault_->all_later_fail)) {
    return false;
  }
  if (has_failed_) {
    return true;
  }
  const bool matches = fault_->operation == Operation::kAny || fault_->operation == operation;
  return matches && fault_->index-- == 0;
}

template <typename Work>
auto FaultyStore::run(Operation operation, std::string_view key, const Work& work) const {
  const std::lock_guard lock(mutex_);
  ++num_operations_;
  if (!is_hit(operation)) {
    return work();
  }
  // Of a process that dies, at most the first failing operation still takes effect.
  const bool takes_effect = fault_->takes_effect && !has_failed_;
  has_failed_ = true;
  if (takes_effect) {
    static_cast<void>(work());
  }
  throw StorageError(fault_->kind, fmt::format("{}/{}: a fault of the test", url(), key));
}

void FaultyStore::note_change(std::string_view key) {
  changes_.push_back({std::string(key), inner_.read(key)});
}

std::optional<storage::ObjectState> FaultyStore::state(std::string_view key) const {
  return run(Operation::kState, key, [&] { return inner_.state(key); });
}

std::optional<std::vector<std::byte>> FaultyStore::read(std::string_view key) const {
  return run(Operation::kRead, key, [&] { return inner_.read(key); });
}

void FaultyStore::read_range(std::string_view key, std::uint64_t begin,
                             std::span<std::byte> out) const {
  run(Operation::kReadRange, key, [&] { inner_.read_range(key, begin, out); });
}

void FaultyStore::write(std::string_view key, std::span<const std::byte> bytes) {
  run(Operation::kWrite, key, [&] {
    note_change(key);
    inner_.write(key, bytes);
  });
}

bool FaultyStore::create_if_absent(std::string_view key, std::span<const std::byte> bytes) {
  return run(Operation::kCreate, key, [&] {
    note_change(key);
    const bool created = inner_.create_if_absent(key, bytes);
    if (!created) {
      changes_.pop_back();
    }
    return created;
  });
}

std::vector<storage::ObjectInfo> FaultyStore::list(std::string_view prefix) const {
  return run(Operation::kList, prefix, [&] { return inner_.list(prefix); });
}

void FaultyStore::remove(std::string_view key) {
  run(Operation::kRemove, key, [&] {
    note_change(key);
    inner_.remove(key);
  });
}

}  // namespace temper::testing
