// The alternatives of the word regex, tried in order:
//   1. an ASCII punctuation mark or symbol and the ASCII letters behind it
//   2. letters and marks, with one character before them that is no line end, letter, punctuation
//      or symbol
//   3. punctuation and symbols with at most one space before them, and the line ends behind
//   4. whitespace up to its last line end; without one as in GPT-2's regex.
#include "core/text/splitters/deepseek_splitters.h"

#include "core/text/splitters/llama3_splitter.h"
#include "core/text/splitters/splitting_steps.h"

namespace temper::text {
namespace {

constexpr unsigned kWord = kLetter | kMark;
constexpr unsigned kSign = kPunctuation | kSymbol;

bool is_ascii_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

std::uint32_t end_of_ascii_letters(std::string_view text, std::uint32_t begin) {
  while (begin < text.size() && is_ascii_letter(text[begin])) ++begin;
  return begin;
}

bool is_cjk(char32_t code) {
  return (code >= 0x4E00 && code <= 0x9FA5) || (code >= 0x3040 && code <= 0x30FF);
}

}  // namespace

void DeepseekNumberSplitter::find_all(std::string_view text,
                                      std::vector<ByteRange>* matches) const {
  for (std::uint32_t begin = 0; begin < text.size();) {
    const UnicodeClasses::Step step = classes_.at(text, begin);
    if (step.character_class != kNumber) {
      begin += step.length_bytes;
      continue;
    }
    const std::uint32_t end = end_of_digits(classes_, text, begin, 3);
    matches->push_back({begin, end});
    begin = end;
  }
}

void DeepseekCjkSplitter::find_all(std::string_view text, std::vector<ByteRange>* matches) const {
  bool inside = false;
  for (std::uint32_t position = 0; position < text.size();) {
    const Character character = character_at(text, position);
    const std::uint32_t end = position + character.length_bytes;
    const bool matches_here = is_cjk(character.code);
    if (matches_here && inside) {
      matches->back().end = end;
    } else if (matches_here) {
      matches->push_back({position, end});
    }
    inside = matches_here;
    position = end;
  }
}

std::uint32_t DeepseekWordSplitter::end_of_match(std::string_view text, std::uint32_t begin) const {
  const UnicodeClasses::Step step = classes_.at(text, begin);
  const std::uint32_t next = begin + step.length_bytes;
  if (step.length_bytes == 1 && (step.character_class & kSign) != 0) {
    const std::uint32_t end = end_of_ascii_letters(text, next);
    if (end != next) return end;
  }
  if ((step.character_class & kLetter) != 0) return classes_.end_of_run(text, next, kWord);
  if ((step.character_class & kSign) == 0 && !is_line_end(text[begin])) {
    const std::uint32_t end = classes_.end_of_run(text, next, kWord);
    if (end != next || step.character_class == kMark) return end;
  }
  if ((step.character_class & kSign) != 0) {
    return end_of_lines(text, classes_.end_of_run(text, next, kSign), false);
  }
  if (step.character_class != kSpace) return begin;
  if (text[begin] == ' ') {
    const std::uint32_t end = classes_.end_of_run(text, next, kSign);
    if (end != next) return end_of_lines(text, end, false);
  }
  return end_of_spaces_or_lines(classes_, text, begin);
}

void DeepseekWordSplitter::find_all(std::string_view text, std::vector<ByteRange>* matches) const {
  for (std::uint32_t begin = 0; begin < text.size();) {
    const std::uint32_t end = end_of_match(text, begin);
    if (end == begin) {
      begin += classes_.at(text, begin).length_bytes;
      continue;
    }
    matches->push_back({begin, end});
    begin = end;
  }
}

}  // namespace temper::text
