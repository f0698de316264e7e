#pragma once

#include <string>
#include <string_view>

namespace temper::text::jinja {

/// Python's str methods on valid UTF-8, one code point for one (utf8proc's simple case mapping),
/// but for ß, which is SS in upper case.
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
/// The first character upper case, the rest lower case.
std::string to_capitalized(std::string_view text);
/// str.title: every run of letters capitalized.
std::string to_title(std::string_view text);
bool is_upper(std::string_view text);
bool is_lower(std::string_view text);

/// str.strip: `characters` empty means whitespace.
std::string_view strip_left(std::string_view text, std::string_view characters);
std::string_view strip_right(std::string_view text, std::string_view characters);

}  // namespace temper::text::jinja
