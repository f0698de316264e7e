#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace temper::weights {

/// Walks through a little-endian binary image and refuses to leave it. Every read names what is
/// read, for the message. Errors are UserErrors naming `origin` and the offset.
class ByteCursor {
 public:
  /// Both must outlive the cursor.
  ByteCursor(std::span<const std::byte> bytes, const std::string& origin)
      : bytes_(bytes), origin_(origin) {}

  template <class T>
  T read(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
    return value;
  }

  /// A u64 length and as many bytes; a view of the image.
  std::string_view read_string(std::string_view what);

  /// A u64 count of items that take at least `minimum_bytes` each: no more than can follow.
  std::uint64_t read_count(std::uint64_t minimum_bytes, std::string_view what);

  std::uint64_t offset() const { return offset_; }
  const std::string& origin() const { return origin_; }

  /// Throws UserError `origin: byte N: what: problem`.
  [[noreturn]] void fail(std::string_view what, std::string_view problem) const;

 private:
  std::span<const std::byte> take(std::uint64_t count, std::string_view what);

  std::span<const std::byte> bytes_;
  const std::string& origin_;
  std::uint64_t offset_ = 0;
};

}  // namespace temper::weights
