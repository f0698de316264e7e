#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "core/base/check.h"

namespace temper::train {

/// Appends plain values to a byte message between ranks of one run (same build, same machine kind).
class MessageWriter {
 public:
  template <typename T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    put_all(std::span<const T>(&value, 1));
  }
  template <typename T>
  void put_all(std::span<const T> values) {
    const std::size_t end = bytes_.size();
    bytes_.resize(end + values.size_bytes());
    std::copy_n(std::as_bytes(values).data(), values.size_bytes(), bytes_.data() + end);
  }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// Reads them back in the same order.
class MessageReader {
 public:
  explicit MessageReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <typename T>
  T get() {
    T value{};
    get_all(std::span<T>(&value, 1));
    return value;
  }
  template <typename T>
  void get_all(std::span<T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    CHECK(values.size_bytes() <= rest_.size(), "message of {} bytes is too short", rest_.size());
    std::memcpy(values.data(), rest_.data(), values.size_bytes());
    rest_ = rest_.subspan(values.size_bytes());
  }
  bool empty() const { return rest_.empty(); }
  std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace temper::train
