#include "core/data/json_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "core/http/url.h"

namespace temper::data {
namespace {

bool must_be_escaped(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

/// Sixteen bytes that are compared at once (a vector type of g++ and clang).
using Block = unsigned char __attribute__((vector_size(16)));

bool any_must_be_escaped(const char* bytes) {
  Block block;
  std::memcpy(&block, bytes, sizeof block);
  const auto hits = (block < 0x20) | (block == '"') | (block == '\\');
  std::array<std::uint64_t, 2> words{};
  std::memcpy(words.data(), &hits, sizeof hits);
  return (words[0] | words[1]) != 0;
}

/// How many bytes from the start need no escape.
std::size_t plain_prefix(std::string_view text) {
  std::size_t size = 0;
  while (size + sizeof(Block) <= text.size() && !any_must_be_escaped(text.data() + size)) {
    size += sizeof(Block);
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
