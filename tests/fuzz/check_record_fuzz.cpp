#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/error.h"
#include "core/export/check_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto record =
        temper::exporting::parse_check_record({reinterpret_cast<const char*>(data), size}, "fuzz");
    (void)temper::exporting::to_json(record);
  } catch (const temper::UserError&) {
  }
  return 0;
}
