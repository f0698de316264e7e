#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/run/rank_exit.h"

/// Any bytes are a rank's exit that writes and reads back to the same text, or a UserError that
/// names the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const std::string once = temper::run::to_json(temper::run::parse_rank_exit(text, "fuzz"));
    if (temper::run::to_json(temper::run::parse_rank_exit(once, "again")) != once) {
      std::abort();
    }
  } catch (const temper::UserError& error) {
    if (!std::string_view(error.what()).starts_with("fuzz: ")) {
      std::abort();
    }
  }
  return 0;
}
