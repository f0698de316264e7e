#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace temper::model {

/// Floats on a 64-byte boundary. Alignment is part of the numerics contract: a GEMM library may sum
/// in another order when its operands are aligned otherwise. Contents start undefined unless
/// zeroed.
class FloatBuffer {
 public:
  FloatBuffer() = default;
  explicit FloatBuffer(std::size_t size);
  static FloatBuffer zeros(std::size_t size);

  /// At least `size` floats; grows only, contents undefined after growth.
  void reserve(std::size_t size);

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::span<float> span() { return {data_.get(), size_}; }
  std::span<const float> span() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(float* pointer) const;
  };
  std::unique_ptr<float[], Free> data_;
  std::size_t size_ = 0;
};

/// Rounds up to whole cache lines of floats, so that what follows stays aligned.
inline constexpr std::size_t kFloatsPerLine = 16;
inline constexpr std::size_t align_floats(std::size_t size) {
  return (size + kFloatsPerLine - 1) / kFloatsPerLine * kFloatsPerLine;
}

}  // namespace temper::model
