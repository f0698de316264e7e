#include "core/text/utf8.h"

#include <simdjson.h>

namespace temper::text {
namespace {

struct Sequence {
  std::size_t length_bytes = 0;  // well-formed, or the maximal ill-formed subpart
  bool valid = false;
};

// What starts at `position`, by Unicode's table of well-formed byte sequences.
Sequence sequence_at(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return position + i < text.size() ? static_cast<unsigned char>(text[position + i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return {1, true};
  std::size_t length = 0;
  unsigned low = 0x80, high = 0xBF;  // bounds of the second byte
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  if (byte(1) < low || byte(1) > high) return {1, false};
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {i, false};
  }
  return {length, true};
}

}  // namespace

Character character_before(std::string_view text, std::size_t position) {
  std::size_t begin = position - 1;
  while (begin > 0 && is_continuation_byte(text[begin])) --begin;
  return character_at(text, begin);
}

void append_utf8(char32_t code, std::string* out) {
  const auto push = [&](char32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0 | code >> 6);
    push(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    push(0xE0 | code >> 12);
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  } else {
    push(0xF0 | code >> 18);
    push(0x80 | (code >> 12 & 0x3F));
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  }
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  if (simdjson::validate_utf8(text)) return std::nullopt;
  std::size_t position = 0;
  while (position < text.size()) {
    const Sequence sequence = sequence_at(text, position);
    if (!sequence.valid) return position;
    position += sequence.length_bytes;
  }
  return std::nullopt;
}

std::string replace_invalid_utf8(std::string_view text) {
  if (simdjson::validate_utf8(text)) return std::string(text);
  std::string out;
  out.reserve(text.size() + 8);
  for (std::size_t position = 0; position < text.size();) {
    const Sequence sequence = sequence_at(text, position);
    if (sequence.valid) {
      out.append(text.substr(position, sequence.length_bytes));
    } else {
      append_utf8(0xFFFD, &out);
    }
    position += sequence.length_bytes;
  }
  return out;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += is_continuation_byte(byte) ? 0 : 1;
  return count;
}

}  // namespace temper::text
