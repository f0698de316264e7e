#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace temper::text {

/// GPT-2's reversible writing of bytes as printable characters (openai/gpt-2, src/encoder.py,
/// bytes_to_unicode): printable Latin-1 bytes stand for themselves, the other 68 become U+0100 ….
/// Byte-level vocabularies spell their tokens in it: "Ġthe" is " the".
class ByteAlphabet {
 public:
  ByteAlphabet();

  /// The bytes that `token` spells; nullopt if a character is not of the alphabet.
  std::optional<std::string> to_bytes(std::string_view token) const;
  /// The character that stands for `byte`.
  char32_t character_of(char byte) const { return character_of_[static_cast<unsigned char>(byte)]; }

 private:
  std::array<short, 0x144> byte_of_{};  // by code point; -1: not of the alphabet
  std::array<char32_t, 256> character_of_{};
};

}  // namespace temper::text
