#include "core/data/json_text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "core/http/url.h"

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
  out += '"';
  out += http::base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  out += '"';
}

}  // namespace temper::data
