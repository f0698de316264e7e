#include "core/weights/gguf_writer.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <type_traits>

#include "core/base/check.h"

namespace temper::weights {
namespace {

constexpr std::size_t kAlignment = 32;  // general.alignment where it is absent

class Image {
 public:
  template <class T>
  void add(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    add_bytes(std::as_bytes(std::span(&value, 1)));
  }
  void add_string(std::string_view text) {
    add(std::uint64_t{text.size()});
    add_bytes(std::as_bytes(std::span(text)));
  }
  void add_bytes(std::span<const std::byte> bytes) {
    const std::size_t size = bytes_.size();
    bytes_.resize(size + bytes.size());
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
  }
  void pad() { bytes_.resize((bytes_.size() + kAlignment - 1) / kAlignment * kAlignment); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

// gguf_metadata_value_type
void add_value(Image& image, std::uint32_t value) {
  image.add(std::uint32_t{4});
  image.add(value);
}
void add_value(Image& image, float value) {
  image.add(std::uint32_t{6});
  image.add(value);
}
void add_value(Image& image, const std::string& value) {
  image.add(std::uint32_t{8});
  image.add_string(value);
}

std::uint32_t ggml_type(const TensorView& tensor) {  // ggml.h: enum ggml_type
  switch (tensor.type) {
    case DataType::kF32:
      return 0;
    case DataType::kF16:
      return 1;
    case DataType::kBF16:
      return 30;
    default:
      break;
  }
  CHECK(false, "{}: {} is not written to GGUF", tensor.name, data_type_name(tensor.type));
  return 0;
}

}  // namespace

std::vector<std::byte> serialize_gguf(const GgufMetadata& metadata,
                                      const std::vector<TensorView>& tensors) {
  Image image;
  image.add_bytes(std::as_bytes(std::span(std::string_view("GGUF"))));
  image.add(std::uint32_t{3});
  image.add(std::uint64_t{tensors.size()});
  image.add(std::uint64_t{metadata.size()});
  for (const auto& [key, value] : metadata) {
    image.add_string(key);
    std::visit([&image](const auto& scalar) { add_value(image, scalar); }, value);
  }
  std::uint64_t offset = 0;
  for (const TensorView& tensor : tensors) {
    CHECK(checked_size_in_bytes(tensor.type, tensor.shape) == tensor.bytes.size(), "{}: {} bytes",
          tensor.name, tensor.bytes.size());
    image.add_string(tensor.name);
    image.add(static_cast<std::uint32_t>(tensor.shape.size()));
    for (std::size_t i = tensor.shape.size(); i-- > 0;) {  // innermost first
      image.add(static_cast<std::uint64_t>(tensor.shape[i]));
    }
    image.add(ggml_type(tensor));
    image.add(offset);
    offset += (tensor.bytes.size() + kAlignment - 1) / kAlignment * kAlignment;
  }
  image.pad();
  for (const TensorView& tensor : tensors) {
    image.add_bytes(tensor.bytes);
    image.pad();
  }
  return image.take();
}

}  // namespace temper::weights
