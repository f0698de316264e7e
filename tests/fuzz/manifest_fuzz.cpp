#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/error.h"
#include "core/run/checkpoint_manifest.h"

/// Any bytes are a manifest that writes and reads back equal, or a UserError that names the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto manifest = temper::run::parse_manifest(text, "fuzz");
    if (!(temper::run::parse_manifest(temper::run::to_json(manifest), "again") == manifest)) {
      std::abort();
    }
  } catch (const temper::UserError& error) {
    if (!std::string_view(error.what()).starts_with("fuzz: ")) {
      std::abort();
    }
  }
  return 0;
}
