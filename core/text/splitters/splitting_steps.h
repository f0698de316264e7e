#pragma once

#include <cstdint>
#include <string_view>

#include "core/text/unicode/unicode_classes.h"

namespace temper::text {

/// The alternatives that the splitting regexes share. Each takes a text and the place where the
/// alternative is tried, and returns where its match ends; `begin` itself if it does not match.

/// \s+(?!\S)|\s+ where whitespace stands at `begin`: all of it at the end of the text, else all but
/// its last character (which then begins the next piece), but at least one character.
std::uint32_t end_of_spaces(const UnicodeClasses& classes, std::string_view text,
                            std::uint32_t begin);

/// \s*[\r\n]+|\s+(?!\S)|\s+ where whitespace stands at `begin`.
std::uint32_t end_of_spaces_or_lines(const UnicodeClasses& classes, std::string_view text,
                                     std::uint32_t begin);

/// (?i:'s|'t|'re|'ve|'m|'ll|'d); ſ is an s to a regex that ignores case.
std::uint32_t end_of_contraction(std::string_view text, std::uint32_t begin);

/// [\r\n]*, or [\r\n/]* with `or_slash`.
std::uint32_t end_of_lines(std::string_view text, std::uint32_t begin, bool or_slash);

inline bool is_line_end(char byte) {
  return byte == '\n' || byte == '\r';
}

/// Calls end_of(begin) for one match after the other, where every position has a match.
template <typename Matches, typename EndOf>
void append_covering_matches(std::string_view text, Matches* matches, const EndOf& end_of) {
  for (std::uint32_t begin = 0; begin < text.size();) {
    const std::uint32_t end = end_of(begin);
    matches->push_back({begin, end});
    begin = end;
  }
}

}  // namespace temper::text
