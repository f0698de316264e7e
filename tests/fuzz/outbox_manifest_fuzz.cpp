#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/error.h"
#include "core/hub/outbox_manifest.h"

/// Any bytes are a manifest that writes and reads back equal and whose paths stay in its folder, or
/// a UserError that names the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto manifest = temper::hub::parse_outbox_manifest(text, "fuzz");
    for (const auto& file : manifest.files) {
      if (!temper::hub::problem_of_path(file.path).empty()) {
        std::abort();
      }
    }
    const auto again = temper::hub::parse_outbox_manifest(temper::hub::to_json(manifest), "again");
    if (again.files != manifest.files || again.id != manifest.id) {
      std::abort();
    }
  } catch (const temper::UserError& error) {
    if (!std::string_view(error.what()).starts_with("fuzz: ")) {
      std::abort();
    }
  }
  return 0;
}
