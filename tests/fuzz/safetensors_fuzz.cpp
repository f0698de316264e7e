#include <cstdint>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/weights/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace temper;
  try {
    const auto tensors = weights::parse_safetensors(std::as_bytes(std::span(data, size)), "fuzz");
    for (const weights::TensorView& tensor : tensors) {
      CHECK(weights::checked_size_in_bytes(tensor.type, tensor.shape) == tensor.bytes.size());
    }
  } catch (const UserError&) {
    return 0;  // the expected answer to most inputs
  }
  return 0;
}
