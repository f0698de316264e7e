// With U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and W = [\p{Ll}\p{Lm}\p{Lo}\p{M}], tried in order:
//   1. [^\r\n\p{L}\p{N}]? U* W+ and a contraction: a word with a lower-case end
//   2. [^\r\n\p{L}\p{N}]? U+ W* and a contraction: what 1 leaves is capitals
//   3. up to `max_digits` numbers
//   4. a run of neither-nor-space with at most one space before it, then line ends and slashes
//   5. whitespace up to its last line end; without one as in GPT-2's regex.
// A mark is in U, in W and in the optional class before them, so each is tried with and without it.
#include "core/text/splitters/o200k_splitter.h"

#include "core/text/splitters/llama3_splitter.h"
#include "core/text/splitters/splitting_steps.h"

namespace temper::text {
namespace {

constexpr unsigned kOther = kMark | kPunctuation | kSymbol | kRest;
constexpr unsigned kCapital = kUpper | kUncased | kMark;  // U
constexpr unsigned kSmall = kLower | kUncased | kMark;    // W

}  // namespace

// U* W+ at `begin`. U* takes all it can; if no W follows, it gives back up to its last W.
std::uint32_t O200kSplitter::end_of_capitalized(std::string_view text, std::uint32_t begin) const {
  std::uint32_t end = begin;
  std::uint32_t behind_small = begin;
  while (end < text.size()) {
    const UnicodeClasses::Step step = classes_.at(text, end);
    if ((step.character_class & kCapital) == 0) {
      if ((step.character_class & kSmall) == 0) break;
      return classes_.end_of_run(text, end, kSmall);
    }
    end += step.length_bytes;
    if ((step.character_class & kSmall) != 0) behind_small = end;
  }
  return behind_small;
}

// Alternatives 1 and 2 without the contraction; `begin` if neither matches.
std::uint32_t O200kSplitter::end_of_word(std::string_view text, std::uint32_t begin) const {
  const UnicodeClasses::Step step = classes_.at(text, begin);
  const bool may_stand_before =
      (step.character_class & (kLetter | kNumber)) == 0 && !is_line_end(text[begin]);
  const std::uint32_t next = begin + step.length_bytes;
  if (may_stand_before) {
    const std::uint32_t end = end_of_capitalized(text, next);
    if (end != next) return end;
  }
  std::uint32_t end = end_of_capitalized(text, begin);
  if (end != begin) return end;
  if (may_stand_before) {
    end = classes_.end_of_run(text, next, kCapital);
    if (end != next) return end;
  }
  return classes_.end_of_run(text, begin, kCapital);
}

std::uint32_t O200kSplitter::end_of_match(std::string_view text, std::uint32_t begin) const {
  const std::uint32_t word = end_of_word(text, begin);
  if (word != begin) return with_contractions_ ? end_of_contraction(text, word) : word;
  const UnicodeClasses::Step step = classes_.at(text, begin);
  const std::uint32_t next = begin + step.length_bytes;
  if (step.character_class == kNumber) return end_of_digits(classes_, text, begin, max_digits_);
  if (step.character_class != kSpace) {
    return end_of_lines(text, classes_.end_of_run(text, next, kOther), true);
  }
  if (text[begin] == ' ') {
    const std::uint32_t end = classes_.end_of_run(text, next, kOther);
    if (end != next) return end_of_lines(text, end, true);
  }
  return end_of_spaces_or_lines(classes_, text, begin);
}

void O200kSplitter::find_all(std::string_view text, std::vector<ByteRange>* matches) const {
  append_covering_matches(text, matches,
                          [&](std::uint32_t begin) { return end_of_match(text, begin); });
}

}  // namespace temper::text
