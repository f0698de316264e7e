#include "core/text/splitters/splitting_steps.h"

namespace temper::text {

std::uint32_t end_of_spaces(const UnicodeClasses& classes, std::string_view text,
                            std::uint32_t begin) {
  std::uint32_t end = begin;
  std::uint32_t last = begin;  // where the last space of the run starts
  while (end < text.size()) {
    const UnicodeClasses::Step step = classes.at(text, end);
    if (step.character_class != kSpace) break;
    last = end;
    end += step.length_bytes;
  }
  return end == text.size() || last == begin ? end : last;
}

std::uint32_t end_of_spaces_or_lines(const UnicodeClasses& classes, std::string_view text,
                                     std::uint32_t begin) {
  std::uint32_t end = begin;
  std::uint32_t last = begin;
  std::uint32_t behind_line = begin;
  while (end < text.size()) {
    const UnicodeClasses::Step step = classes.at(text, end);
    if (step.character_class != kSpace) break;
    last = end;
    if (is_line_end(text[end])) behind_line = end + 1;
    end += step.length_bytes;
  }
  if (behind_line != begin) return behind_line;
  return end == text.size() || last == begin ? end : last;
}

std::uint32_t end_of_contraction(std::string_view text, std::uint32_t begin) {
  if (begin + 1 >= text.size() || text[begin] != '\'') return begin;
  const auto lower = [&](std::size_t position) -> char {
    if (position >= text.size()) return '\0';
    const char byte = text[position];
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
  };
  const char first = lower(begin + 1);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return begin + 2;
  if (text.substr(begin + 1, 2) == "ſ") return begin + 3;
  const char second = lower(begin + 2);
  if ((first == 'r' || first == 'v') && second == 'e') return begin + 3;
  return first == 'l' && second == 'l' ? begin + 3 : begin;
}

std::uint32_t end_of_lines(std::string_view text, std::uint32_t begin, bool or_slash) {
  while (begin < text.size() && (is_line_end(text[begin]) || (or_slash && text[begin] == '/'))) {
    ++begin;
  }
  return begin;
}

}  // namespace temper::text
