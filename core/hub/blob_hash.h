#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/hub/tree.h"

namespace temper::hub {

/// The hash that the Hub names a file's content by: SHA-256 of LFS files, else git's object id
/// (SHA-1 of "blob <size>\0" and the bytes), over pieces. For one thread.
class BlobHash {
 public:
  explicit BlobHash(const TreeFile& file);
  ~BlobHash();
  BlobHash(BlobHash&&) noexcept;
  BlobHash& operator=(BlobHash&&) noexcept;
  BlobHash(const BlobHash&) = delete;
  BlobHash& operator=(const BlobHash&) = delete;

  void update(std::span<const std::byte> bytes);
  /// Lower-case hexadecimal digits, to compare with TreeFile::etag(). Call once.
  std::string hex_digest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace temper::hub
