#include "core/text/jinja/string_literal.h"

#include <fmt/format.h>

#include "core/text/jinja/value.h"
#include "core/text/utf8.h"

namespace temper::text::jinja {
namespace {

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Reads `count` hexadecimal digits at `*at` and moves on.
char32_t read_hex(std::string_view literal, std::size_t count, std::size_t* at) {
  char32_t code = 0;
  for (std::size_t i = 0; i < count; ++i, ++*at) {
    const int digit = *at < literal.size() ? hex_digit(literal[*at]) : -1;
    if (digit < 0) throw Failure(fmt::format("a \\x, \\u or \\U escape needs {} digits", count));
    code = code << 4 | static_cast<char32_t>(digit);
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
    throw Failure(fmt::format("an escape gives U+{:X}, which is no character",
                              static_cast<std::uint32_t>(code)));
  }
  return code;
}

char32_t read_octal(std::string_view literal, std::size_t* at) {
  char32_t code = 0;
  for (int i = 0; i < 3 && *at < literal.size() && is_octal(literal[*at]); ++i, ++*at) {
    code = code << 3 | static_cast<char32_t>(literal[*at] - '0');
  }
  return code;
}

}  // namespace

std::string unescape(std::string_view literal) {
  static constexpr std::string_view kLetters = "abfnrtv\\'\"";
  static constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
  std::string out;
  for (std::size_t at = 0; at < literal.size();) {
    if (literal[at] != '\\' || at + 1 == literal.size()) {
      out += literal[at++];
      continue;
    }
    const char letter = literal[at + 1];
    const std::size_t known = kLetters.find(letter);
    if (is_octal(letter)) {
      ++at;
      append_utf8(read_octal(literal, &at), &out);
      continue;
    }
    at += 2;
    if (known != std::string_view::npos) {
      out += kMeanings[known];
    } else if (letter == 'x' || letter == 'u' || letter == 'U') {
      append_utf8(read_hex(literal, letter == 'x' ? 2 : letter == 'u' ? 4 : 8, &at), &out);
    } else if (letter != '\n') {
      out += '\\';
      out += letter;
    }
  }
  return out;
}

}  // namespace temper::text::jinja
