#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// How single values are read from and written to YAML. One spelling each: no octal, no 1_000, no
/// yes/no, so that a file means the same to every YAML reader.
namespace temper::recipe {

/// [-+]?digits without a leading zero, in the range of int64; else nullopt.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// Decimal, with optional fraction and exponent, finite; else nullopt ("1e999", "nan", "0x1").
std::optional<double> parse_number(std::string_view text);

/// "true" or "false"; else nullopt.
std::optional<bool> parse_boolean(std::string_view text);

std::string print_integer(std::int64_t value);

/// The fewest digits that read back as the same double, always with a decimal point ("32.0",
/// "0.0002", "1.0e-8"), which every YAML reader takes for a number.
std::string print_number(double value);

std::string print_boolean(bool value);

/// Plain where that is the same string to every YAML reader, else in double quotes with escapes.
std::string print_text(std::string_view text);

/// For messages: 'text', shortened to 60 bytes, control characters replaced.
std::string quote_for_message(std::string_view text);

}  // namespace temper::recipe
