#pragma once

#include <string>
#include <string_view>

namespace temper::text::jinja {

/// The text that a string literal stands for, without its quotes: Python's escapes (\n, \x41,
/// \u00e9 …); an unknown one keeps its backslash. Failure for a malformed number.
std::string unescape(std::string_view literal);

}  // namespace temper::text::jinja
