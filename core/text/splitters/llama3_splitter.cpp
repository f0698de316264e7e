// The alternatives, tried in order at each position:
//   1. a contraction in any case
//   2. letters, with one character before them that is neither letter, number nor line end
//   3. up to `max_digits` numbers
//   4. a run of neither-nor-space with at most one space before it, and the line ends behind it
//   5. whitespace up to its last line end; without one as in GPT-2's regex.
#include "core/text/splitters/llama3_splitter.h"

#include "core/text/splitters/splitting_steps.h"

namespace temper::text {
namespace {

constexpr unsigned kOther = kMark | kPunctuation | kSymbol | kRest;

}  // namespace

std::uint32_t end_of_digits(const UnicodeClasses& classes, std::string_view text,
                            std::uint32_t begin, int max_digits) {
  std::uint32_t end = begin;
  for (int count = 0; count < max_digits && end < text.size(); ++count) {
    const UnicodeClasses::Step step = classes.at(text, end);
    if (step.character_class != kNumber) break;
    end += step.length_bytes;
  }
  return end;
}

std::uint32_t Llama3Splitter::end_of_match(std::string_view text, std::uint32_t begin) const {
  const std::uint32_t contraction = end_of_contraction(text, begin);
  if (contraction != begin) return contraction;
  const UnicodeClasses::Step step = classes_.at(text, begin);
  const std::uint32_t next = begin + step.length_bytes;
  if ((step.character_class & kLetter) != 0) return classes_.end_of_run(text, next, kLetter);
  if (step.character_class == kNumber) return end_of_digits(classes_, text, begin, max_digits_);
  if (next < text.size() && !is_line_end(text[begin])) {
    const UnicodeClasses::Step second = classes_.at(text, next);
    if ((second.character_class & kLetter) != 0) {
      return classes_.end_of_run(text, next + second.length_bytes, kLetter);
    }
    if (text[begin] == ' ' && (second.character_class & kOther) != 0) {
      const std::uint32_t end = classes_.end_of_run(text, next + second.length_bytes, kOther);
      return end_of_lines(text, end, false);
    }
  }
  if (step.character_class == kSpace) return end_of_spaces_or_lines(classes_, text, begin);
  return end_of_lines(text, classes_.end_of_run(text, next, kOther), false);
}

void Llama3Splitter::find_all(std::string_view text, std::vector<ByteRange>* matches) const {
  append_covering_matches(text, matches,
                          [&](std::uint32_t begin) { return end_of_match(text, begin); });
}

}  // namespace temper::text
