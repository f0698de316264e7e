#include "core/data/mds/byte_taker.h"

#include <fmt/format.h>

#include <bit>

#include "core/base/error.h"

namespace temper::data {

static_assert(std::endian::native == std::endian::little, "integers are copied as they are");

std::span<const std::byte> ByteTaker::take_bytes(std::uint64_t size) {
  if (size > rest_.size()) {
    throw FatalError(fmt::format("{} bytes are missing", size - rest_.size()));
  }
  const auto taken = rest_.first(static_cast<std::size_t>(size));
  rest_ = rest_.subspan(taken.size());
  return taken;
}

std::span<const std::byte> ByteTaker::take_array(std::uint64_t count, std::size_t entry_bytes) {
  if (count > rest_.size() / entry_bytes) {
    throw FatalError(fmt::format("{} entries in {} bytes", count, rest_.size()));
  }
  return take_bytes(count * entry_bytes);
}

std::uint64_t ByteTaker::take_unsigned(std::size_t size) {
  std::uint64_t value = 0;
  std::memcpy(&value, take_bytes(size).data(), size);
  return value;
}

}  // namespace temper::data
