#pragma once

#include <cstdint>

namespace temper::model {

/// A row-major view of fp32, rows `stride` floats apart. Does not own; the device is that of the
/// kernels it is given to, and only they may follow the pointer. A frozen matrix may be stored as
/// bfloat16: then `bf16` is set instead of `data`, and its parts can't be viewed.
struct ConstMatrix {
  const float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;
  const std::uint16_t* bf16 = nullptr;

  bool empty() const { return data == nullptr && bf16 == nullptr; }
  const float* row(std::int64_t index) const { return data + index * stride; }
  ConstMatrix columns_from(std::int64_t begin, std::int64_t count) const {
    return {data + begin, rows, count, stride, nullptr};
  }
  ConstMatrix rows_from(std::int64_t begin, std::int64_t count) const {
    return {data + begin * stride, count, columns, stride};
  }
};

struct Matrix {
  float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;

  bool empty() const { return data == nullptr; }
  float* row(std::int64_t index) const { return data + index * stride; }
  Matrix columns_from(std::int64_t begin, std::int64_t count) const {
    return {data + begin, rows, count, stride};
  }
  Matrix rows_from(std::int64_t begin, std::int64_t count) const {
    return {data + begin * stride, count, columns, stride};
  }
  operator ConstMatrix() const {  // NOLINT(google-explicit-constructor): a view of the same
    return {data, rows, columns, stride};
  }
};

/// A contiguous matrix at `data`.
inline Matrix matrix(float* data, std::int64_t rows, std::int64_t columns) {
  return {data, rows, columns, columns};
}
inline ConstMatrix matrix(const float* data, std::int64_t rows, std::int64_t columns) {
  return {data, rows, columns, columns};
}

}  // namespace temper::model
