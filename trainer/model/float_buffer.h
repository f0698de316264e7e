#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "trainer/device/device_memory.h"

namespace temper::model {

/// Gives floats back to the memory that they are in.
struct ReleaseFloats {
  device::DeviceMemory* memory = nullptr;
  void operator()(float* pointer) const { memory->release(pointer); }
};

/// Floats on a 64-byte boundary, in this process's memory unless another is given, which outlives
/// them. Alignment is part of the numerics contract: a GEMM library may sum in another order when
/// its operands are aligned otherwise. Contents start undefined unless zeroed.
class FloatBuffer {
 public:
  FloatBuffer() = default;
  explicit FloatBuffer(std::size_t size, device::DeviceMemory& memory = device::host_memory());
  static FloatBuffer zeros(std::size_t size, device::DeviceMemory& memory = device::host_memory());

  /// At least `size` floats of `memory`; grows only, contents undefined after growth.
  void reserve(device::DeviceMemory& memory, std::size_t size);

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::span<float> span() { return {data_.get(), size_}; }
  std::span<const float> span() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<float[], ReleaseFloats> data_;
  std::size_t size_ = 0;
};

/// Rounds up to whole cache lines of floats, so that what follows stays aligned.
inline constexpr std::size_t kFloatsPerLine = 16;
inline constexpr std::size_t align_floats(std::size_t size) {
  return (size + kFloatsPerLine - 1) / kFloatsPerLine * kFloatsPerLine;
}

}  // namespace temper::model
