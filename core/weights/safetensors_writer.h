#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/unique_fd.h"
#include "core/weights/tensor_file.h"

namespace temper::weights {

/// Writes a safetensors file tensor by tensor, for files that don't fit into memory: the bytes are
/// those of serialize_safetensors. Into a folder that others don't read yet; one thread at a time.
class SafetensorsWriter {
 public:
  /// Creates the file and writes its header. `tensors` say name, type and shape (their bytes are
  /// not looked at), in any order. FileError, also if the file exists.
  SafetensorsWriter(std::filesystem::path path, std::vector<TensorView> tensors,
                    const std::map<std::string, std::string>& metadata);

  /// The tensors in the order in which append() wants them: by name.
  const std::vector<TensorView>& tensors() const { return tensors_; }

  /// The bytes of the next tensor; CHECKs their number. FileError.
  void append(std::span<const std::byte> bytes);

  /// After the last tensor (CHECKed): makes the file durable. The sha256 of what was written.
  std::string finish();

 private:
  void write(std::span<const std::byte> bytes);

  std::filesystem::path path_;
  std::vector<TensorView> tensors_;
  std::size_t next_ = 0;
  UniqueFd fd_;
  Sha256 hash_;
};

}  // namespace temper::weights
