#pragma once

#include <string>
#include <string_view>

namespace temper::text {

/// A regex for a regex engine with older Unicode tables that matches as if it had Unicode 16's,
/// which the Oniguruma inside Hugging Face's tokenizers has: to each general category (\p{L},
/// \P{Lu} …), \w and \d, in and out of character classes, the characters are added that the engine
/// here lacks. Left alone: \b, scripts and POSIX brackets.
std::string with_new_characters(std::string_view regex);

}  // namespace temper::text
