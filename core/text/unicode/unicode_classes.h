#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/text/utf8.h"

namespace temper::text {

/// The classes that the splitting regexes of the large model families tell apart. Bits, so that a
/// set of classes is a mask.
enum CharacterClass : std::uint16_t {
  kUpper = 1,         ///< Lu, Lt
  kLower = 2,         ///< Ll
  kUncased = 4,       ///< Lm, Lo
  kMark = 8,          ///< M
  kNumber = 16,       ///< N
  kPunctuation = 32,  ///< P
  kSymbol = 64,       ///< S
  kSpace = 128,       ///< \s
  kRest = 256,        ///< controls, unassigned code points
  kLetter = kUpper | kLower | kUncased,
};

/// Unicode 16's classes, which the Oniguruma inside Hugging Face's tokenizers has. Two-stage table.
class UnicodeClasses {
 public:
  /// The one table; built at first use.
  static const UnicodeClasses& instance();

  struct Step {
    std::uint16_t character_class;  // one bit
    std::uint32_t length_bytes;
  };

  std::uint16_t of(char32_t code) const { return pages_[page_of_[code >> 8]][code & 0xFF]; }

  /// The character that starts at `position` of valid UTF-8.
  Step at(std::string_view text, std::size_t position) const {
    const auto byte = static_cast<unsigned char>(text[position]);
    if (byte < 0x80) return {ascii_[byte], 1};
    const Character character = character_at(text, position);
    return {of(character.code), character.length_bytes};
  }

  /// The end of the run of characters of the classes `mask` from `position` on.
  std::uint32_t end_of_run(std::string_view text, std::size_t position, unsigned mask) const {
    while (position < text.size()) {
      const Step step = at(text, position);
      if ((step.character_class & mask) == 0) break;
      position += step.length_bytes;
    }
    return static_cast<std::uint32_t>(position);
  }

 private:
  UnicodeClasses();

  using Page = std::array<std::uint16_t, 256>;
  std::array<std::uint16_t, 128> ascii_{};
  std::array<std::uint16_t, 0x1100> page_of_{};
  std::vector<Page> pages_;
};

}  // namespace temper::text
