// The alternatives of kGpt2Regex, tried in order at each position:
//   1. a contraction: 's 't 're 've 'm 'll 'd
//   2. a run of letters, of numbers, or of neither-nor-space, each with at most one space before it
//   3. spaces: all of them at the end of the text; before something else all but the last
//      (\s+(?!\S) gives one back), so that a last plain space joins what follows; a lone one stays.
#include "core/text/gpt2_splitter.h"

#include "core/text/utf8.h"

namespace temper::text {
namespace {

// Length of the contraction at `begin`, where an apostrophe stands; 0 if there is none.
std::uint32_t contraction_length(std::string_view text, std::uint32_t begin) {
  const std::string_view rest = text.substr(begin + 1, 2);
  if (rest.empty()) return 0;
  if (rest[0] == 's' || rest[0] == 't' || rest[0] == 'm' || rest[0] == 'd') return 2;
  return rest == "re" || rest == "ve" || rest == "ll" ? 3 : 0;
}

}  // namespace

Gpt2Splitter::Gpt2Splitter() {
  for (char32_t code = 0; code < ascii_.size(); ++code) ascii_[code] = classes_.of(code);
}

Gpt2Splitter::Step Gpt2Splitter::classify(std::string_view text, std::uint32_t position) const {
  const auto byte = static_cast<unsigned char>(text[position]);
  if (byte < 0x80) return {ascii_[byte], 1};
  const Character character = character_at(text, position);
  return {classes_.of(character.code), character.length_bytes};
}

std::uint32_t Gpt2Splitter::end_of_run(std::string_view text, std::uint32_t position,
                                       CharacterClass character_class) const {
  while (position < text.size()) {
    const Step step = classify(text, position);
    if (step.character_class != character_class) break;
    position += step.length_bytes;
  }
  return position;
}

std::uint32_t Gpt2Splitter::end_of_spaces(std::string_view text, std::uint32_t begin) const {
  std::uint32_t end = begin;
  std::uint32_t last = begin;  // where the last space of the run starts
  while (end < text.size()) {
    const Step step = classify(text, end);
    if (step.character_class != CharacterClass::kSpace) break;
    last = end;
    end += step.length_bytes;
  }
  return end == text.size() || last == begin ? end : last;
}

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
  const Step step = classify(text, run);
  if (step.character_class == CharacterClass::kSpace) return end_of_spaces(text, begin);
  return end_of_run(text, run + step.length_bytes, step.character_class);
}

void Gpt2Splitter::find_all(std::string_view text, std::vector<ByteRange>* matches) const {
  for (std::uint32_t begin = 0; begin < text.size();) {
    const std::uint32_t end = end_of_match(text, begin);
    matches->push_back({begin, end});
    begin = end;
  }
}

}  // namespace temper::text
