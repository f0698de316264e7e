#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace temper::data {

/// Takes little-endian fields off the front of bytes it borrows. Every take throws FatalError when
/// too few are left, before anything is read or reserved.
class ByteTaker {
 public:
  explicit ByteTaker(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::span<const std::byte> take_bytes(std::uint64_t size);
  /// `count` entries of `entry_bytes` each.
  std::span<const std::byte> take_array(std::uint64_t count, std::size_t entry_bytes);
  /// An integer of 1, 2, 4 or 8 bytes.
  std::uint64_t take_unsigned(std::size_t size);
  template <class Integer>
  Integer take() {
    return static_cast<Integer>(take_unsigned(sizeof(Integer)));
  }
  std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace temper::data
