#include "core/data/json_text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace temper::data {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x8080808080808080;

/// Whether any of eight bytes is zero; and whether any is below `limit` (at most 128). Exact as an
/// answer for the whole word (Warren, "Hacker's Delight", section 6-1).
constexpr std::uint64_t zero_bytes(std::uint64_t word) {
  return (word - kOnes) & ~word & kHighBits;
}
constexpr std::uint64_t bytes_below(std::uint64_t word, std::uint64_t limit) {
  return (word - kOnes * limit) & ~word & kHighBits;
}

bool must_be_escaped(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

/// How many bytes from the start need no escape.
std::size_t plain_prefix(std::string_view text) {
  constexpr std::uint64_t kQuote = '"';
  constexpr std::uint64_t kBackslash = '\\';
  constexpr std::uint64_t kFirstPlain = 0x20;
  std::size_t size = 0;
  while (size + sizeof(std::uint64_t) <= text.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + size, sizeof(word));
    if ((bytes_below(word, kFirstPlain) | zero_bytes(word ^ (kOnes * kQuote)) |
         zero_bytes(word ^ (kOnes * kBackslash))) != 0) {
      break;
    }
    size += sizeof(word);
  }
  while (size < text.size() && !must_be_escaped(text[size])) {
    ++size;
  }
  return size;
}

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t plain = plain_prefix(text);
    out += text.substr(0, plain);
    if (plain == text.size()) {
      break;
    }
    append_escape(out, text[plain]);
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

void append_json_number(std::string& out, double value) {
  if (std::isfinite(value)) {
    fmt::format_to(std::back_inserter(out), "{}", value);
  } else {
    out += "null";
  }
}

void append_json_base64(std::string& out, std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kGroupBytes = 3;
  constexpr std::size_t kGroupDigits = 4;
  constexpr std::uint32_t kDigitMask = 63;
  out += '"';
  for (std::size_t i = 0; i < bytes.size(); i += kGroupBytes) {
    const std::size_t given = std::min(kGroupBytes, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < kGroupBytes; ++k) {
      group = group << 8 | (k < given ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
    }
    for (std::size_t k = 0; k < kGroupDigits; ++k) {
      out += k <= given ? kDigits[group >> (18 - 6 * k) & kDigitMask] : '=';
    }
  }
  out += '"';
}

}  // namespace temper::data
