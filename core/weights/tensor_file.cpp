#include "core/weights/tensor_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "core/base/check.h"

namespace temper::weights {
namespace {

struct Storage {
  const char* name;
  std::uint64_t block_length;  // elements
  std::uint64_t block_bytes;
  bool floating;
};

// In the order of DataType.
constexpr std::array<Storage, 13> kStorage = {{{"F32", 1, 4, true},
                                               {"F16", 1, 2, true},
                                               {"BF16", 1, 2, true},
                                               {"F64", 1, 8, true},
                                               {"I64", 1, 8, false},
                                               {"I32", 1, 4, false},
                                               {"I16", 1, 2, false},
                                               {"I8", 1, 1, false},
                                               {"U8", 1, 1, false},
                                               {"BOOL", 1, 1, false},
                                               {"Q8_0", 32, 34, true},
                                               {"Q4_0", 32, 18, true},
                                               {"Q4_1", 32, 20, true}}};

const Storage& storage_of(DataType type) {
  return kStorage.at(static_cast<std::size_t>(type));
}

}  // namespace

const char* data_type_name(DataType type) {
  return storage_of(type).name;
}

std::uint64_t block_length(DataType type) {
  return storage_of(type).block_length;
}

bool is_floating(DataType type) {
  return storage_of(type).floating;
}

std::uint64_t size_in_bytes(DataType type, std::uint64_t num_elements) {
  const Storage& storage = storage_of(type);
  CHECK(num_elements % storage.block_length == 0, "{} elements of {}", num_elements, storage.name);
  return num_elements / storage.block_length * storage.block_bytes;
}

std::optional<std::uint64_t> checked_size_in_bytes(DataType type,
                                                   std::span<const std::int64_t> shape) {
  const Storage& storage = storage_of(type);
  std::int64_t elements = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0 || __builtin_mul_overflow(elements, dimension, &elements)) {
      return std::nullopt;
    }
  }
  const std::int64_t last = shape.empty() ? 1 : shape.back();
  if (static_cast<std::uint64_t>(last) % storage.block_length != 0) {
    return std::nullopt;
  }
  std::uint64_t bytes = static_cast<std::uint64_t>(elements) / storage.block_length;
  if (__builtin_mul_overflow(bytes, storage.block_bytes, &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::int64_t TensorView::num_elements() const {
  std::int64_t elements = 1;
  for (const std::int64_t dimension : shape) {
    elements *= dimension;
  }
  return elements;
}

}  // namespace temper::weights
