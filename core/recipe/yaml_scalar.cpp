#include "core/recipe/yaml_scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace temper::recipe {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// from_chars does not take a leading plus.
std::string_view without_plus(std::string_view text) {
  return text.starts_with('+') && text.size() > 1 && text[1] != '-' ? text.substr(1) : text;
}

/// Words that some YAML reader takes for a boolean, null or number.
bool is_reserved(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  static constexpr std::array<std::string_view, 11> kWords = {
      "true", "false", "yes", "no", "on", "off", "y", "n", "null", ".inf", ".nan"};
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

bool is_plain(std::string_view text) {
  if (text.empty() || is_reserved(text)) {
    return false;
  }
  const char first = text.front();
  if (!is_letter(first) && first != '/' && first != '.' && first != '_') {
    return false;
  }
  if (first == '.' && text.size() > 1 && text[1] != '/' && text[1] != '.') {
    return false;  // .5
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '/' || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::string_view digits = without_plus(text);
  const std::string_view unsigned_digits = digits.starts_with('-') ? digits.substr(1) : digits;
  if (unsigned_digits.size() > 1 && unsigned_digits.front() == '0') {
    return std::nullopt;  // octal to some readers
  }
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) {
    return std::nullopt;
  }
  return value;
}

std::optional<double> parse_number(std::string_view text) {
  const std::string_view digits = without_plus(text);
  // from_chars would also take inf and nan.
  const bool decimal = std::all_of(digits.begin(), digits.end(), [](char c) {
    return is_digit(c) || c == '.' || c == 'e' || c == 'E' || c == '-' || c == '+';
  });
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, value);
  if (!decimal || result.ec != std::errc() || result.ptr != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true") {
    return true;
  }
  if (text == "false") {
    return false;
  }
  return std::nullopt;
}

std::string print_integer(std::int64_t value) {
  return fmt::format("{}", value);
}

std::string print_number(double value) {
  const double size = std::abs(value);
  const bool fixed = size == 0 || (size >= 1e-5 && size < 1e15);
  std::array<char, 64> buffer{};
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                    fixed ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string_view digits(buffer.data(),
                                static_cast<std::size_t>(result.ptr - buffer.data()));
  const std::size_t exponent = std::min(digits.find('e'), digits.size());
  std::string text(digits.substr(0, exponent));
  if (text.find('.') == std::string::npos) {
    text += ".0";
  }
  if (exponent < digits.size()) {
    text += digits.substr(exponent, 2);  // e and sign
    const std::string_view power = digits.substr(exponent + 2);
    text += power.substr(std::min(power.find_first_not_of('0'), power.size() - 1));
  }
  return text;
}

std::string print_boolean(bool value) {
  return value ? "true" : "false";
}

std::string print_text(std::string_view text) {
  if (is_plain(text)) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string quote_for_message(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string shown;
  for (const char c : text.substr(0, kLongest)) {
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  }
  if (text.size() > kLongest) {
    // Don't cut a UTF-8 sequence in two.
    std::size_t cut = kLongest;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) {
      --cut;
    }
    shown = shown.substr(0, cut) + "…";
  }
  return "'" + shown + "'";
}

}  // namespace temper::recipe
