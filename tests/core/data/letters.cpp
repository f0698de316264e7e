#include "tests/core/data/letters.h"

#include <cctype>

#include "core/base/error.h"

namespace temper::data {

text::EncodedSample LetterEncoder::encode(const Record& record) const {
  text::EncodedSample sample;
  for (const char letter : record.bytes) {
    if (letter == '!') {
      throw UserError(record.origin + ": a bad record");
    }
    sample.ids.push_back(std::tolower(letter));
    const bool trained = std::isupper(letter) != 0 && sample.ids.size() > 1;
    sample.trained.push_back(trained ? 1 : 0);
  }
  return sample;
}

std::string letters_of(const text::EncodedSample& sample) {
  std::string letters;
  for (std::size_t i = 0; i < sample.ids.size(); ++i) {
    const auto letter = static_cast<char>(sample.ids[i]);
    letters += sample.trained[i] != 0 ? static_cast<char>(std::toupper(letter)) : letter;
  }
  return letters;
}

}  // namespace temper::data
