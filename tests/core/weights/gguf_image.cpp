#include "tests/core/weights/gguf_image.h"

namespace temper::testing {
namespace {

constexpr std::size_t kAlignment = 32;

void pad(std::string* bytes) {
  bytes->append((kAlignment - bytes->size() % kAlignment) % kAlignment, '\0');
}

}  // namespace

std::string gguf_text(std::string_view text) {
  return raw<std::uint64_t>(text.size()) + std::string(text);
}

GgufImage& GgufImage::pair(std::string_view key, std::uint32_t type, std::string_view value) {
  ++num_pairs_;
  pairs_ += gguf_text(key) + raw(type) + std::string(value);
  return *this;
}

GgufImage& GgufImage::text(std::string_view key, std::string_view value) {
  return pair(key, 8, gguf_text(value));
}

GgufImage& GgufImage::u32(std::string_view key, std::uint32_t value) {
  return pair(key, 4, raw(value));
}

GgufImage& GgufImage::f32(std::string_view key, float value) {
  return pair(key, 6, raw(value));
}

GgufImage& GgufImage::tensor(std::string_view name, std::uint32_t type,
                             const std::vector<std::uint64_t>& dimensions, std::string_view data) {
  tensor_at(name, type, dimensions, data_.size());
  data_ += data;
  pad(&data_);
  return *this;
}

GgufImage& GgufImage::tensor_at(std::string_view name, std::uint32_t type,
                                const std::vector<std::uint64_t>& dimensions,
                                std::uint64_t offset) {
  ++num_tensors_;
  tensors_ += gguf_text(name) + raw(static_cast<std::uint32_t>(dimensions.size()));
  for (const std::uint64_t dimension : dimensions) {
    tensors_ += raw(dimension);
  }
  tensors_ += raw(type) + raw(offset);
  return *this;
}

GgufImage& GgufImage::floats(std::string_view name, const std::vector<std::uint64_t>& dimensions,
                             const std::vector<float>& values) {
  return tensor(name, 0, dimensions,
                {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

std::string GgufImage::build(std::uint32_t version) const {
  std::string image =
      "GGUF" + raw(version) + raw(num_tensors_) + raw(num_pairs_) + pairs_ + tensors_;
  pad(&image);
  return image + data_;
}

}  // namespace temper::testing
