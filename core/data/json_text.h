#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace temper::data {

// JSON (RFC 8259) written piece by piece onto the end of a string.

/// `text` in quotes, escaped where it must be. UTF-8 goes through as it is and is not checked.
void append_json_string(std::string& out, std::string_view text);

/// The shortest decimal number that reads back as the same double; `null` for what JSON has no
/// number for (NaN and the infinities).
void append_json_number(std::string& out, double value);

/// `bytes` in quotes as base64 (RFC 4648 section 4, padded).
void append_json_base64(std::string& out, std::span<const std::byte> bytes);

}  // namespace temper::data
