#include "core/weights/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/weights/safetensors_header.h"

namespace temper::weights {
namespace {

constexpr std::uint64_t kMaximumHeaderBytes = 100'000'000;  // the limit of the reference reader
constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kAlignment = 64;

std::uint64_t header_length(std::span<const std::byte> bytes, const std::string& origin) {
  if (bytes.size() < kLengthBytes) {
    throw UserError(
        fmt::format("{}: {} bytes are too few for a safetensors file", origin, bytes.size()));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kMaximumHeaderBytes) {
    throw UserError(
        fmt::format("{}: a header of {} bytes is over the limit of {}; is this a "
                    "safetensors file?",
                    origin, length, kMaximumHeaderBytes));
  }
  if (length > bytes.size() - kLengthBytes) {
    throw UserError(
        fmt::format("{}: the header says {} bytes, the file has only {} after it; the "
                    "file is cut off",
                    origin, length, bytes.size() - kLengthBytes));
  }
  return length;
}

// Each entry must have the size of its shape, and together they must cover the data exactly once.
void check_layout(const std::vector<SafetensorsEntry>& entries, std::uint64_t data_bytes,
                  const std::string& origin) {
  std::vector<const SafetensorsEntry*> by_offset;
  for (const SafetensorsEntry& entry : entries) {
    const auto fail = [&](const std::string& what) {
      throw UserError(fmt::format("{}: tensor '{}' ({} {}): {}", origin, entry.name,
                                  data_type_name(entry.type), shape_text(entry.shape), what));
    };
    if (entry.begin > entry.end || entry.end > data_bytes) {
      fail(
          fmt::format("data_offsets [{}, {}] do not lie in the {} bytes of data; the file is cut "
                      "off or damaged",
                      entry.begin, entry.end, data_bytes));
    }
    const std::optional<std::uint64_t> size = checked_size_in_bytes(entry.type, entry.shape);
    if (!size) {
      fail("the shape is impossible");
    }
    if (entry.end - entry.begin != *size) {
      fail(fmt::format("data_offsets [{}, {}] hold {} bytes, the shape needs {}", entry.begin,
                       entry.end, entry.end - entry.begin, *size));
    }
    by_offset.push_back(&entry);
  }
  std::sort(by_offset.begin(), by_offset.end(), [](const auto* left, const auto* right) {
    return std::pair(left->begin, left->end) < std::pair(right->begin, right->end);
  });
  std::uint64_t covered = 0;
  for (const SafetensorsEntry* entry : by_offset) {
    if (entry->begin != covered) {
      throw UserError(
          fmt::format("{}: tensor '{}' begins at byte {} of the data, {} was expected: "
                      "{}",
                      origin, entry->name, entry->begin, covered,
                      entry->begin < covered ? "tensors overlap" : "there is a hole"));
    }
    covered = entry->end;
  }
  if (covered != data_bytes) {
    throw UserError(fmt::format("{}: the tensors end at byte {} of the data, the file has {}",
                                origin, covered, data_bytes));
  }
}

const TensorView* find_by_name(const std::vector<TensorView>& tensors, std::string_view name) {
  const auto found = std::lower_bound(
      tensors.begin(), tensors.end(), name,
      [](const TensorView& tensor, std::string_view wanted) { return tensor.name < wanted; });
  return found != tensors.end() && found->name == name ? &*found : nullptr;
}

std::vector<TensorView> sorted_by_name(std::vector<TensorView> tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorView& left, const TensorView& right) { return left.name < right.name; });
  return tensors;
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(path) {
  tensors_ = parse_safetensors(file_.bytes(), path.string(), &metadata_);
}

const TensorView* SafetensorsFile::find(std::string_view name) const {
  return find_by_name(tensors_, name);
}

std::vector<TensorView> parse_safetensors(std::span<const std::byte> bytes,
                                          const std::string& origin,
                                          std::map<std::string, std::string>* metadata) {
  const std::uint64_t length = header_length(bytes, origin);
  const std::string_view json(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  SafetensorsHeader header = parse_safetensors_header(json, origin);
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + length);
  check_layout(header.entries, data.size(), origin);
  std::vector<TensorView> tensors;
  for (SafetensorsEntry& entry : header.entries) {
    tensors.push_back({std::move(entry.name), entry.type, std::move(entry.shape),
                       data.subspan(entry.begin, entry.end - entry.begin)});
  }
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorView& left, const TensorView& right) { return left.name < right.name; });
  if (metadata != nullptr) {
    *metadata = std::move(header.metadata);
  }
  return tensors;
}

std::string safetensors_preamble(const std::vector<TensorView>& tensors,
                                 const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) {
    header["__metadata__"] = metadata;
  }
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const TensorView& tensor = tensors[i];
    CHECK(i == 0 || tensors[i - 1].name < tensor.name, "tensor '{}' twice or out of order",
          tensor.name);
    CHECK(block_length(tensor.type) == 1, "{}: {} is not in safetensors", tensor.name,
          data_type_name(tensor.type));
    const std::optional<std::uint64_t> size = checked_size_in_bytes(tensor.type, tensor.shape);
    CHECK(size.has_value(), "{}: the shape {} is impossible", tensor.name,
          shape_text(tensor.shape));
    header[tensor.name] = {{"dtype", data_type_name(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + *size}}};
    offset += *size;
  }
  std::string text = header.dump();
  const std::uint64_t over = (kLengthBytes + text.size()) % kAlignment;
  text.append(over == 0 ? 0 : kAlignment - over, ' ');
  const std::uint64_t length = text.size();
  std::string preamble(sizeof length, '\0');
  std::memcpy(preamble.data(), &length, sizeof length);
  return preamble + text;
}

std::vector<std::byte> serialize_safetensors(const std::vector<TensorView>& tensors,
                                             const std::map<std::string, std::string>& metadata) {
  const std::vector<TensorView> sorted = sorted_by_name(tensors);
  const std::string preamble = safetensors_preamble(sorted, metadata);
  std::uint64_t total = preamble.size();
  for (const TensorView& tensor : sorted) {
    CHECK(checked_size_in_bytes(tensor.type, tensor.shape) == tensor.bytes.size(),
          "{}: {} bytes for {} {}", tensor.name, tensor.bytes.size(), data_type_name(tensor.type),
          shape_text(tensor.shape));
    total += tensor.bytes.size();
  }
  std::vector<std::byte> image(total);
  std::byte* to = image.data();
  const auto append = [&to](const void* from, std::uint64_t count) {
    if (count > 0) {
      std::memcpy(to, from, count);
      to += count;
    }
  };
  append(preamble.data(), preamble.size());
  for (const TensorView& tensor : sorted) {
    append(tensor.bytes.data(), tensor.bytes.size());
  }
  return image;
}

}  // namespace temper::weights
