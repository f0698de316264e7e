#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/hub/lfs_batch.h"

/// Any bytes are an answer whose parts make up the object, or a RetryableError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<temper::hub::LfsObject> objects = {{"a", 25}};
  try {
    for (const auto& upload : temper::hub::parse_batch_answer(text, objects, "fuzz")) {
      const std::uint64_t parts = upload.part_urls.size();
      if (upload.completion && parts * upload.part_bytes < objects.front().size_bytes) {
        std::abort();
      }
    }
  } catch (const temper::RetryableError&) {
    return 0;
  }
  return 0;
}
