// A tokenizer.json from anywhere loads or is a UserError; what loads encodes any text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/error.h"
#include "core/text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto tokenizer = temper::text::parse_tokenizer_json(text, "fuzz");
    const auto encoding = tokenizer->encode(text, true);
    tokenizer->decode(encoding.ids, false);
  } catch (const temper::UserError&) {
  }
  return 0;
}
