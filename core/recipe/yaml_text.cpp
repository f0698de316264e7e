#include "core/recipe/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace temper::recipe {
namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
}

/// Length of the well-formed sequence at `i`, 0 if there is none.
std::size_t sequence_length(std::string_view text, std::size_t i) {
  const unsigned first = byte_at(text, i);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) {
    return 0;
  }
  // The second byte's range excludes overlong forms, surrogates and code points over U+10FFFF.
  const unsigned second = byte_at(text, i + 1);
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high) {
    return 0;
  }
  for (std::size_t k = 2; k < length; ++k) {
    if ((byte_at(text, i + k) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  return length;
}

std::optional<std::size_t> find_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned c = byte_at(text, i);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      return i;
    }
  }
  return std::nullopt;
}

Place place_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<int>(lines) + 1, static_cast<int>(offset - line_start) + 1, false};
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t length = sequence_length(text, i);
    if (length == 0) {
      return i;
    }
    i += length;
  }
  return std::nullopt;
}

std::optional<YamlProblem> check_yaml_text(std::string_view text) {
  if (text.size() > kMaxYamlBytes) {
    return YamlProblem{{},
                       fmt::format("has {} bytes, at most {} are read; is this the right file?",
                                   text.size(), kMaxYamlBytes)};
  }
  if (const auto offset = find_invalid_utf8(text)) {
    return YamlProblem{place_at(text, *offset),
                       fmt::format("byte 0x{:02x} is not UTF-8; save the file as UTF-8",
                                   static_cast<unsigned char>(text[*offset]))};
  }
  if (const auto offset = find_control_character(text)) {
    return YamlProblem{
        place_at(text, *offset),
        fmt::format(
            "control character 0x{:02x}; remove it, or write \"\\x{:02x}\" in double quotes",
            static_cast<unsigned char>(text[*offset]), static_cast<unsigned char>(text[*offset]))};
  }
  return std::nullopt;
}

bool is_quote_closed(std::string_view text, std::size_t begin) {
  const char quote = begin < text.size() ? text[begin] : '\0';
  if (quote != '"' && quote != '\'') {
    return true;
  }
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
      if (!doubled) {
        return true;
      }
      ++i;
    }
  }
  return false;
}

bool is_indented_with_tab(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return false;
    }
    text.remove_prefix(end + 1);
  }
  const std::string_view indent = text.substr(0, text.find_first_not_of(" \t"));
  return indent.find('\t') != std::string_view::npos;
}

}  // namespace temper::recipe
