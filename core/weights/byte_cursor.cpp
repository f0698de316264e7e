#include "core/weights/byte_cursor.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace temper::weights {

std::string_view ByteCursor::read_string(std::string_view what) {
  const auto length = read<std::uint64_t>(what);
  const std::span<const std::byte> text = take(length, what);
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

std::uint64_t ByteCursor::read_count(std::uint64_t minimum_bytes, std::string_view what) {
  const auto count = read<std::uint64_t>(what);
  const std::uint64_t possible = (bytes_.size() - offset_) / minimum_bytes;
  if (count > possible) {
    fail(what,
         fmt::format("a count of {}, but at most {} can follow in this file", count, possible));
  }
  return count;
}

void ByteCursor::fail(std::string_view what, std::string_view problem) const {
  throw UserError(fmt::format("{}: byte {}: {}: {}", origin_, offset_, what, problem));
}

std::span<const std::byte> ByteCursor::take(std::uint64_t count, std::string_view what) {
  const std::uint64_t left = bytes_.size() - offset_;
  if (count > left) {
    fail(what, fmt::format("{} bytes are needed, {} are left; the file is cut off or damaged",
                           count, left));
  }
  const std::span<const std::byte> taken = bytes_.subspan(offset_, count);
  offset_ += count;
  return taken;
}

}  // namespace temper::weights
