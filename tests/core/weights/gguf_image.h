#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace temper::testing {

/// Puts a GGUF image together piece by piece; nothing is checked, so that it can be wrong.
class GgufImage {
 public:
  /// A metadata pair: type code of gguf.md and the value's bytes.
  GgufImage& pair(std::string_view key, std::uint32_t type, std::string_view value);
  GgufImage& text(std::string_view key, std::string_view value);
  GgufImage& u32(std::string_view key, std::uint32_t value);
  GgufImage& f32(std::string_view key, float value);

  /// A tensor: ggml type code, dimensions innermost first, and its data, which is padded.
  GgufImage& tensor(std::string_view name, std::uint32_t type,
                    const std::vector<std::uint64_t>& dimensions, std::string_view data);
  /// A tensor at an offset of the caller's.
  GgufImage& tensor_at(std::string_view name, std::uint32_t type,
                       const std::vector<std::uint64_t>& dimensions, std::uint64_t offset);

  GgufImage& floats(std::string_view name, const std::vector<std::uint64_t>& dimensions,
                    const std::vector<float>& values);

  std::string build(std::uint32_t version = 3) const;

 private:
  std::uint64_t num_pairs_ = 0;
  std::uint64_t num_tensors_ = 0;
  std::string pairs_;
  std::string tensors_;
  std::string data_;
};

/// The little-endian bytes of a number, and a u64 length followed by the text.
template <class T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string gguf_text(std::string_view text);

}  // namespace temper::testing
