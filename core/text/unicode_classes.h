#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace temper::text {

/// The classes that GPT-2's splitting regex tells apart.
enum class CharacterClass : std::uint8_t { kOther, kLetter, kNumber, kSpace };

/// \p{L}, \p{N} and \s of every code point, exactly as Oniguruma's Unicode tables have them, since
/// that is the engine that tokenizer.json files are run with. Two-stage table, about 40 kB.
class UnicodeClasses {
 public:
  UnicodeClasses();

  CharacterClass of(char32_t code) const {
    return static_cast<CharacterClass>(pages_[page_of_[code >> 8]][code & 0xFF]);
  }

 private:
  using Page = std::array<std::uint8_t, 256>;
  std::array<std::uint16_t, 0x1100> page_of_{};
  std::vector<Page> pages_;
};

}  // namespace temper::text
