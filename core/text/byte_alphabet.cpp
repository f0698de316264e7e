#include "core/text/byte_alphabet.h"

#include "core/text/utf8.h"

namespace temper::text {

ByteAlphabet::ByteAlphabet() {
  byte_of_.fill(-1);
  std::size_t next = 0x100;
  for (short byte = 0; byte < 0x100; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    const std::size_t code = printable ? static_cast<std::size_t>(byte) : next++;
    byte_of_[code] = byte;
    character_of_[static_cast<std::size_t>(byte)] = static_cast<char32_t>(code);
  }
}

std::optional<std::string> ByteAlphabet::to_bytes(std::string_view token) const {
  std::string bytes;
  bytes.reserve(token.size());
  for (std::size_t position = 0; position < token.size();) {
    const Character character = character_at(token, position);
    if (character.code >= byte_of_.size() || byte_of_[character.code] < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(byte_of_[character.code]));
    position += character.length_bytes;
  }
  return bytes;
}

}  // namespace temper::text
