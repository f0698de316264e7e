// The alternatives of kGpt2Regex, tried in order at each position:
//   1. a contraction: 's 't 're 've 'm 'll 'd
//   2. a run of letters, of numbers, or of neither-nor-space, each with at most one space before it
//   3. spaces: all of them at the end of the text; before something else all but the last
//      (\s+(?!\S) gives one back), so that a last plain space joins what follows; a lone one stays.
#include "core/text/splitters/gpt2_splitter.h"

#include "core/text/splitters/splitting_steps.h"

namespace temper::text {
namespace {

// Length of the contraction at `begin`, where an apostrophe stands; 0 if there is none.
std::uint32_t contraction_length(std::string_view text, std::uint32_t begin) {
  const std::string_view rest = text.substr(begin + 1, 2);
  if (rest.empty()) return 0;
  if (rest[0] == 's' || rest[0] == 't' || rest[0] == 'm' || rest[0] == 'd') return 2;
  return rest == "re" || rest == "ve" || rest == "ll" ? 3 : 0;
}

// The classes that a run goes on with, by the class that it starts with.
unsigned run_of(unsigned character_class) {
  if ((character_class & kLetter) != 0) return kLetter;
  if (character_class == kNumber) return kNumber;
  return kMark | kPunctuation | kSymbol | kRest;
}

}  // namespace

std::uint32_t Gpt2Splitter::end_of_match(std::string_view text, std::uint32_t begin) const {
  if (text[begin] == '\'') {
    if (const std::uint32_t length = contraction_length(text, begin); length > 0) {
      return begin + length;
    }
  }
  std::uint32_t run = begin;
  if (text[begin] == ' ') {
    if (begin + 1 == text.size()) return begin + 1;
    ++run;
  }
  const UnicodeClasses::Step step = classes_.at(text, run);
  if (step.character_class == kSpace) return end_of_spaces(classes_, text, begin);
  return classes_.end_of_run(text, run + step.length_bytes, run_of(step.character_class));
}

void Gpt2Splitter::find_all(std::string_view text, std::vector<ByteRange>* matches) const {
  append_covering_matches(text, matches,
                          [&](std::uint32_t begin) { return end_of_match(text, begin); });
}

}  // namespace temper::text
