#pragma once

#include <cstdint>

namespace temper::model {

/// `pointer` and `count` numbers on; a null pointer stays null.
template <class Number>
Number* moved(Number* pointer, std::int64_t count) {
  return pointer == nullptr ? nullptr : pointer + count;
}

/// A row-major view of numbers, rows `stride` of them apart. Does not own; the device is that of
/// the kernels it is given to, and only they may follow the pointer. The numbers are fp32 at
/// `data`, or bfloat16 at `bf16` where the kernels store activations and frozen matrices so.
struct ConstMatrix {
  const float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;
  const std::uint16_t* bf16 = nullptr;

  bool empty() const { return data == nullptr && bf16 == nullptr; }
  const float* row(std::int64_t index) const { return data + index * stride; }
  ConstMatrix columns_from(std::int64_t begin, std::int64_t count) const {
    return {moved(data, begin), rows, count, stride, moved(bf16, begin)};
  }
  ConstMatrix rows_from(std::int64_t begin, std::int64_t count) const {
    return {moved(data, begin * stride), count, columns, stride, moved(bf16, begin * stride)};
  }
};

struct Matrix {
  float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;
  std::uint16_t* bf16 = nullptr;

  bool empty() const { return data == nullptr && bf16 == nullptr; }
  float* row(std::int64_t index) const { return data + index * stride; }
  Matrix columns_from(std::int64_t begin, std::int64_t count) const {
    return {moved(data, begin), rows, count, stride, moved(bf16, begin)};
  }
  Matrix rows_from(std::int64_t begin, std::int64_t count) const {
    return {moved(data, begin * stride), count, columns, stride, moved(bf16, begin * stride)};
  }
  operator ConstMatrix() const {  // NOLINT(google-explicit-constructor): a view of the same
    return {data, rows, columns, stride, bf16};
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
