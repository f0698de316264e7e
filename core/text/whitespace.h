#pragma once

namespace temper::text {

/// Unicode's White_Space property (Rust's char::is_whitespace).
inline bool is_whitespace(char32_t code) {
  if (code < 0x80) return code == ' ' || (code >= 0x09 && code <= 0x0D);
  return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
         code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

/// Python's str.isspace and \s: also the information separators.
inline bool is_python_whitespace(char32_t code) {
  return is_whitespace(code) || (code >= 0x1C && code <= 0x1F);
}

}  // namespace temper::text
