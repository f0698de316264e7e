#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace temper::text {

/// One code point of valid UTF-8 and the bytes that it takes (1–4).
struct Character {
  char32_t code = 0;
  std::uint32_t length_bytes = 0;
};

inline bool is_continuation_byte(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

/// The character that starts at `position` of a text that is known to be valid UTF-8.
inline Character character_at(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[position + i]));
  };
  const char32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {(first & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  if (first < 0xF0) return {(first & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F), 3};
  return {(first & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F),
          4};
}

/// The character that ends at `position` (> 0) of a valid text.
Character character_before(std::string_view text, std::size_t position);

void append_utf8(char32_t code, std::string* out);

/// Position of the first byte that is not part of valid UTF-8 (Unicode 15, table 3-7), if any.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// Each maximal ill-formed subpart becomes U+FFFD (Unicode 15, section 3.9), as Rust and Python do.
std::string replace_invalid_utf8(std::string_view text);

std::size_t count_characters(std::string_view text);

}  // namespace temper::text
