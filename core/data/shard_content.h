#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/data/line_index.h"

namespace temper::data {

/// Bytes that are mapped from a file or, where no file can hold them, kept in memory.
class SharedBytes {
 public:
  explicit SharedBytes(MappedFile file) : file_(std::move(file)) {}
  explicit SharedBytes(std::vector<std::byte> memory) : memory_(std::move(memory)) {}
  /// Stay where they are when this is moved.
  std::span<const std::byte> bytes() const { return file_ ? file_->bytes() : memory_; }
  /// See MappedFile. Nothing for memory.
  void release_pages() const {
    if (file_) {
      file_->release_pages();
    }
  }

 private:
  std::optional<MappedFile> file_;
  std::vector<std::byte> memory_;
};

/// A shard's lines, decompressed, and where each record is.
struct ShardContent {
  SharedBytes content;
  SharedBytes index_bytes;
  LineIndex index;  ///< a view of index_bytes
};

/// The identity of a file as it is now. UserError if there is none.
SourceIdentity identify_source(const std::filesystem::path& path);

/// Opens a JSON-lines file through the cache: takes the index and the decompressed content from
/// `cache_dir` if they were made from the file as it is now and their checksums hold; else makes
/// them there, or in memory if the folder can't be written. FatalError for a damaged compressed
/// file, UserError for one that can't be read or that changes meanwhile.
ShardContent open_shard_content(const std::filesystem::path& path,
                                const std::filesystem::path& cache_dir);

}  // namespace temper::data
