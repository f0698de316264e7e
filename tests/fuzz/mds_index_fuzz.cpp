#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/error.h"
#include "core/data/mds/mds_index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    for (const auto& shard :
         temper::data::parse_mds_index({reinterpret_cast<const char*>(data), size}, "index.json")) {
      temper::data::mds_fingerprint(shard);
    }
  } catch (const temper::Error&) {
    return 0;
  }
  return 0;
}
