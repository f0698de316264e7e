// GGUF (ggml/docs/gguf.md), all little-endian:
//   "GGUF", u32 version, u64 tensors, u64 key-value pairs
//   pairs:   string key, u32 type, value
//   tensors: string name, u32 dimensions, u64 each (innermost first), u32 type, u64 offset
//   padding to general.alignment (32 if absent), then the data that the offsets count from
// A string is a u64 length and bytes.

#include "core/weights/gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <set>

#include "core/base/error.h"
#include "core/weights/byte_cursor.h"
#include "core/weights/gguf_values.h"

namespace temper::weights {
namespace {

constexpr std::uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr std::uint32_t kMaximumDimensions = 4;
constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint64_t kSmallestPair = 8 + 4 + 1;
constexpr std::uint64_t kSmallestTensor = 8 + 4 + 4 + 8;

struct StoredTensor {
  TensorView view;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

DataType read_tensor_type(ByteCursor& cursor, const std::string& name) {
  const auto type = cursor.read<std::uint32_t>(name);  // ggml.h: enum ggml_type
  switch (type) {
    case 0:
      return DataType::kF32;
    case 1:
      return DataType::kF16;
    case 2:
      return DataType::kQ4_0;
    case 3:
      return DataType::kQ4_1;
    case 8:
      return DataType::kQ8_0;
    case 24:
      return DataType::kI8;
    case 25:
      return DataType::kI16;
    case 26:
      return DataType::kI32;
    case 27:
      return DataType::kI64;
    case 28:
      return DataType::kF64;
    case 30:
      return DataType::kBF16;
    default:
      cursor.fail("tensor '" + name + "'",
                  fmt::format("ggml type {} is not supported (F32, F16, BF16, F64, Q8_0, Q4_0 and "
                              "Q4_1 are); take a file in F16 or Q8_0",
                              type));
  }
}

StoredTensor read_tensor(ByteCursor& cursor) {
  StoredTensor tensor;
  std::string& name = tensor.view.name;
  name = cursor.read_string("tensor name");
  const auto dimensions = cursor.read<std::uint32_t>(name);
  if (dimensions > kMaximumDimensions) {
    cursor.fail("tensor '" + name + "'", fmt::format("{} dimensions, at most {} are possible",
                                                     dimensions, kMaximumDimensions));
  }
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    const auto dimension = cursor.read<std::uint64_t>(name);
    if (dimension > std::numeric_limits<std::int64_t>::max()) {
      cursor.fail("tensor '" + name + "'", fmt::format("dimension {} is too large", dimension));
    }
    tensor.view.shape.insert(tensor.view.shape.begin(), static_cast<std::int64_t>(dimension));
  }
  tensor.view.type = read_tensor_type(cursor, name);
  tensor.offset = cursor.read<std::uint64_t>(name);
  const auto size = checked_size_in_bytes(tensor.view.type, tensor.view.shape);
  if (!size) {
    cursor.fail("tensor '" + name + "'",
                fmt::format("the shape {} is impossible for {}", shape_text(tensor.view.shape),
                            data_type_name(tensor.view.type)));
  }
  tensor.size = *size;
  return tensor;
}

void read_header(ByteCursor& cursor, std::uint64_t* num_tensors, std::uint64_t* num_pairs) {
  if (cursor.read<std::uint32_t>("magic") != kMagic) {
    cursor.fail("magic", "this is no GGUF file (it does not begin with 'GGUF')");
  }
  const auto version = cursor.read<std::uint32_t>("version");
  if (version != 2 && version != 3) {
    const bool swapped = version == 2U << 24 || version == 3U << 24;
    cursor.fail("version", swapped ? std::string("big-endian files are not supported")
                                   : fmt::format("{} is not supported (2 and 3 are)", version));
  }
  *num_tensors = cursor.read_count(kSmallestTensor, "number of tensors");
  *num_pairs = cursor.read_count(kSmallestPair, "number of metadata pairs");
}

std::uint64_t read_alignment(const GgufContents& contents, const ByteCursor& cursor) {
  const auto found = contents.metadata.find("general.alignment");
  if (found == contents.metadata.end()) {
    return kDefaultAlignment;
  }
  const auto* alignment = std::get_if<std::uint64_t>(&found->second);
  if (alignment == nullptr || !std::has_single_bit(*alignment) ||
      *alignment > std::numeric_limits<std::uint32_t>::max()) {
    cursor.fail("general.alignment", "must be a power of two that fits an unsigned 32-bit number");
  }
  return *alignment;
}

// Points the views into the data; each must lie inside, aligned, and none over another.
void place_tensors(std::vector<StoredTensor>& tensors, std::span<const std::byte> data,
                   std::uint64_t alignment, const ByteCursor& cursor) {
  std::vector<const StoredTensor*> by_offset;
  for (StoredTensor& tensor : tensors) {
    if (tensor.offset % alignment != 0) {
      cursor.fail(
          "tensor '" + tensor.view.name + "'",
          fmt::format("offset {} is no multiple of the alignment {}", tensor.offset, alignment));
    }
    if (tensor.offset > data.size() || tensor.size > data.size() - tensor.offset) {
      cursor.fail("tensor '" + tensor.view.name + "'",
                  fmt::format("{} bytes at offset {} do not lie in the {} bytes of data; the file "
                              "is cut off or damaged",
                              tensor.size, tensor.offset, data.size()));
    }
    tensor.view.bytes = data.subspan(tensor.offset, tensor.size);
    by_offset.push_back(&tensor);
  }
  std::sort(by_offset.begin(), by_offset.end(), [](const auto* left, const auto* right) {
    return std::pair(left->offset, left->size) < std::pair(right->offset, right->size);
  });
  for (std::size_t i = 1; i < by_offset.size(); ++i) {
    const StoredTensor& before = *by_offset[i - 1];
    if (before.offset + before.size > by_offset[i]->offset) {
      cursor.fail("tensor '" + by_offset[i]->view.name + "'",
                  fmt::format("overlaps tensor '{}'", before.view.name));
    }
  }
}

}  // namespace

GgufContents parse_gguf(std::span<const std::byte> image, const std::string& origin) {
  ByteCursor cursor(image, origin);
  GgufContents contents;
  std::uint64_t num_tensors = 0;
  std::uint64_t num_pairs = 0;
  read_header(cursor, &num_tensors, &num_pairs);
  for (std::uint64_t i = 0; i < num_pairs; ++i) {
    const std::string key(cursor.read_string("metadata key"));
    GgufValue value = read_gguf_value(cursor, key);
    if (!contents.metadata.emplace(key, std::move(value)).second) {
      cursor.fail(key, "the key occurs twice");
    }
  }
  std::vector<StoredTensor> tensors;
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < num_tensors; ++i) {
    tensors.push_back(read_tensor(cursor));
    if (!names.insert(tensors.back().view.name).second) {
      cursor.fail("tensor '" + tensors.back().view.name + "'", "the name occurs twice");
    }
  }
  const std::uint64_t alignment = read_alignment(contents, cursor);
  const std::uint64_t data_begin = (cursor.offset() + alignment - 1) / alignment * alignment;
  const bool has_data = data_begin < image.size();
  place_tensors(tensors, has_data ? image.subspan(data_begin) : std::span<const std::byte>(),
                alignment, cursor);
  for (StoredTensor& tensor : tensors) {
    contents.tensors.push_back(std::move(tensor.view));
  }
  return contents;
}

GgufFile::GgufFile(const std::filesystem::path& path)
    : file_(path), contents_(parse_gguf(file_.bytes(), path.string())) {}

const TensorView* GgufFile::find(std::string_view name) const {
  for (const TensorView& tensor : contents_.tensors) {
    if (tensor.name == name) {
      return &tensor;
    }
  }
  return nullptr;
}

template <class T>
const T* GgufFile::value(std::string_view key, const char* type_name) const {
  const auto found = contents_.metadata.find(key);
  if (found == contents_.metadata.end()) {
    return nullptr;
  }
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) {
    throw UserError(fmt::format("{}: {} is not {}", path().string(), key, type_name));
  }
  return value;
}

const std::string* GgufFile::string(std::string_view key) const {
  return value<std::string>(key, "a string");
}

std::optional<std::int64_t> GgufFile::integer(std::string_view key) const {
  const auto found = contents_.metadata.find(key);
  if (found != contents_.metadata.end()) {
    if (const auto* large = std::get_if<std::uint64_t>(&found->second)) {
      if (*large > std::numeric_limits<std::int64_t>::max()) {
        throw UserError(fmt::format("{}: {}: {} is too large", path().string(), key, *large));
      }
      return static_cast<std::int64_t>(*large);
    }
  }
  const auto* number = value<std::int64_t>(key, "an integer");
  return number == nullptr ? std::nullopt : std::optional(*number);
}

std::optional<double> GgufFile::number(std::string_view key) const {
  const auto* number = value<double>(key, "a floating-point number");
  return number == nullptr ? std::nullopt : std::optional(*number);
}

std::optional<bool> GgufFile::boolean(std::string_view key) const {
  const auto* flag = value<bool>(key, "a truth value");
  return flag == nullptr ? std::nullopt : std::optional(*flag);
}

const GgufArray* GgufFile::array(std::string_view key) const {
  return value<GgufArray>(key, "an array");
}

}  // namespace temper::weights
