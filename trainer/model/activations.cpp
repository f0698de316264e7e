#include "trainer/model/activations.h"

#include <algorithm>
#include <bit>

namespace temper::model {
namespace {

const void* begin_of(ConstMatrix matrix) {
  return matrix.bf16 != nullptr ? static_cast<const void*>(matrix.bf16) : matrix.data;
}

std::size_t bytes_of(ConstMatrix matrix) {
  const std::size_t number = matrix.bf16 != nullptr ? sizeof(*matrix.bf16) : sizeof(*matrix.data);
  return static_cast<std::size_t>(matrix.rows * matrix.columns) * number;
}

}  // namespace

Matrix activations_in(FloatBuffer& buffer, const Kernels& kernels, std::int64_t rows,
                      std::int64_t columns) {
  const Placement placement = kernels.placement();
  const auto size = static_cast<std::size_t>(rows * columns);
  if (!placement.bf16) {
    buffer.reserve(*placement.memory, size);
    return matrix(buffer.data(), rows, columns);
  }
  buffer.reserve(*placement.memory, (size + 1) / 2);
  return {nullptr, rows, columns, columns, reinterpret_cast<std::uint16_t*>(buffer.data())};
}

void copy(const Kernels& kernels, ConstMatrix from, Matrix to) {
  kernels.memory().copy(begin_of(from), const_cast<void*>(begin_of(to)), bytes_of(from));
}

void clear(const Kernels& kernels, Matrix matrix) {
  kernels.memory().clear(const_cast<void*>(begin_of(matrix)), bytes_of(matrix));
}

std::vector<float> downloaded(const Kernels& kernels, ConstMatrix matrix) {
  std::vector<float> values(static_cast<std::size_t>(matrix.rows * matrix.columns));
  if (matrix.bf16 == nullptr) {
    kernels.memory().download(matrix.data, values.data(), bytes_of(matrix));
    return values;
  }
  std::vector<std::uint16_t> halves(values.size());
  kernels.memory().download(matrix.bf16, halves.data(), bytes_of(matrix));
  std::transform(halves.begin(), halves.end(), values.begin(), [](std::uint16_t half) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16);
  });
  return values;
}

}  // namespace temper::model
