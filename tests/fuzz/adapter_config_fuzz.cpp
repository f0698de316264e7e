#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/error.h"
#include "core/model/adapter_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    (void)temper::model::read_adapter_config({reinterpret_cast<const char*>(data), size}, "fuzz");
  } catch (const temper::UserError&) {
  }
  return 0;
}
