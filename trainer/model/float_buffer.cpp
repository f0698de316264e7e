#include "trainer/model/float_buffer.h"

#include "core/base/check.h"

namespace temper::model {

FloatBuffer::FloatBuffer(std::size_t size, device::DeviceMemory& memory)
    : data_(static_cast<float*>(memory.allocate(size * sizeof(float))), ReleaseFloats{&memory}),
      size_(size) {}

FloatBuffer FloatBuffer::zeros(std::size_t size, device::DeviceMemory& memory) {
  FloatBuffer buffer(size, memory);
  memory.clear(buffer.data(), size * sizeof(float));
  return buffer;
}

void FloatBuffer::reserve(device::DeviceMemory& memory, std::size_t size) {
  if (size > size_) {
    *this = FloatBuffer();
    *this = FloatBuffer(size, memory);
  }
}

}  // namespace temper::model
