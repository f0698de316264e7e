#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/data/stream/file_summary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto files =
        temper::data::parse_data_index({reinterpret_cast<const char*>(data), size}, "index");
    const std::string again = temper::data::serialize_data_index(files);
    CHECK(temper::data::parse_data_index(again, "again") == files, "{}", again);
  } catch (const temper::FatalError&) {
    return 0;
  }
  return 0;
}
