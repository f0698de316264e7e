#include "trainer/model/float_buffer.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace temper::model {

void FloatBuffer::Free::operator()(float* pointer) const {
  std::free(pointer);
}

FloatBuffer::FloatBuffer(std::size_t size) : size_(size) {
  const std::size_t bytes = align_floats(std::max<std::size_t>(size, 1)) * sizeof(float);
  auto* pointer = static_cast<float*>(std::aligned_alloc(64, bytes));
  if (pointer == nullptr) {
    throw std::bad_alloc();
  }
  data_.reset(pointer);
}

FloatBuffer FloatBuffer::zeros(std::size_t size) {
  FloatBuffer buffer(size);
  std::fill_n(buffer.data(), size, 0.0F);
  return buffer;
}

void FloatBuffer::reserve(std::size_t size) {
  if (size > size_) {
    *this = FloatBuffer();
    *this = FloatBuffer(size);
  }
}

}  // namespace temper::model
