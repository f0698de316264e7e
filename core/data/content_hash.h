#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace temper::data {

/// A hash by the name that Python gives it: those of hashlib that OpenSSL has ("sha1", "md5",
/// "sha256", "blake2b", …) and xxhash's ("xxh32", "xxh64", "xxh128", "xxh3_64", "xxh3_128").
/// Streaming; one thread at a time.
class ContentHash {
 public:
  virtual ~ContentHash() = default;
  /// nullptr for a name that it does not know.
  static std::unique_ptr<ContentHash> named(std::string_view name);

  virtual void update(std::span<const std::byte> bytes) = 0;
  /// Lower-case hexadecimal digits. Call once.
  virtual std::string hex_digest() = 0;
};

}  // namespace temper::data
