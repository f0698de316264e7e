#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/weights/tensor_file.h"

namespace temper::weights {

/// A safetensors file (https://github.com/huggingface/safetensors, README "Format"): u64 LE header
/// length, JSON header, data. Mapped, never copied. Everything in the header is checked before it
/// is believed: lengths, overlaps, holes, sizes, duplicate keys. Immutable, thread-safe.
class SafetensorsFile {
 public:
  /// Throws UserError naming the file, the tensor and the values when anything is wrong.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::vector<TensorView>& tensors() const { return tensors_; }
  /// nullptr if there is no such tensor.
  const TensorView* find(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// See MappedFile.
  void release_pages() const { file_.release_pages(); }

 private:
  MappedFile file_;
  std::vector<TensorView> tensors_;  // sorted by name
  std::map<std::string, std::string> metadata_;
};

/// The whole file as bytes: header padded with spaces so that data starts on 64 bytes, tensors
/// ordered by name, metadata as given. Deterministic: same input, same bytes. Tensors whose sizes
/// are multiples of 64 thus all start on 64 bytes (the format allows no gaps between them). CHECKs
/// that names differ, sizes fit and types are safetensors'.
std::vector<std::byte> serialize_safetensors(const std::vector<TensorView>& tensors,
                                             const std::map<std::string, std::string>& metadata);

/// What comes before the data in such a file: the length and the header. `tensors` are sorted by
/// name; their bytes are not looked at.
std::string safetensors_preamble(const std::vector<TensorView>& tensors,
                                 const std::map<std::string, std::string>& metadata);

/// Parses a safetensors image in memory; views point into `bytes`. `origin` names it in errors.
std::vector<TensorView> parse_safetensors(std::span<const std::byte> bytes,
                                          const std::string& origin,
                                          std::map<std::string, std::string>* metadata = nullptr);

}  // namespace temper::weights
