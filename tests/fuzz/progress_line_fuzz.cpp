#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/run/progress_record.h"

/// Any bytes are no progress line, or one that writes and reads back to the same text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto record = temper::run::parse_progress_line(text)) {
    const std::string line = temper::run::to_json_line(*record);
    const auto again = temper::run::parse_progress_line(line);
    if (!again || temper::run::to_json_line(*again) != line) {
      std::abort();
    }
  }
  return 0;
}
