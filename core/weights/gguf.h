#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/weights/tensor_file.h"

namespace temper::weights {

struct GgufArray;
/// A metadata value. All integers widen to i64/u64, floats to double.
using GgufValue = std::variant<bool, std::int64_t, std::uint64_t, double, std::string, GgufArray>;

/// Arrays are kept by kind; at most one of the vectors is filled. Strings are views of the image.
struct GgufArray {
  std::vector<std::string_view> strings;
  std::vector<std::int64_t> integers;
  std::vector<double> floats;
};

/// What a GGUF image says; the views point into it.
struct GgufContents {
  std::map<std::string, GgufValue, std::less<>> metadata;
  std::vector<TensorView> tensors;
};

/// Parses a GGUF image in memory. `origin` names it in errors. UserError as GgufFile's constructor.
GgufContents parse_gguf(std::span<const std::byte> image, const std::string& origin);

/// A GGUF v3 (or v2) file (ggml/docs/gguf.md), little-endian, mapped. Offsets, counts and lengths
/// are checked against the file's size before they are believed. Immutable, thread-safe.
class GgufFile {
 public:
  /// Throws UserError naming file and field when anything is wrong.
  explicit GgufFile(const std::filesystem::path& path);

  const std::map<std::string, GgufValue, std::less<>>& metadata() const {
    return contents_.metadata;
  }
  /// In the order of the file.
  const std::vector<TensorView>& tensors() const { return contents_.tensors; }
  /// nullptr if there is no such tensor.
  const TensorView* find(std::string_view name) const;
  const std::filesystem::path& path() const { return file_.path(); }
  /// The mapped file alone, without the metadata; views of tensors go on pointing into it.
  MappedFile take_file() && { return std::move(file_); }

  /// Typed look-ups: nullptr/nullopt if absent; UserError naming key and type if of another type.
  const std::string* string(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  const GgufArray* array(std::string_view key) const;

 private:
  template <class T>
  const T* value(std::string_view key, const char* type_name) const;

  MappedFile file_;
  GgufContents contents_;
};

}  // namespace temper::weights
