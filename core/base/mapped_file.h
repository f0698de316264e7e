#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace temper {

/// A whole file mapped read-only; pages come from the page cache and are shared by processes.
/// Movable; the bytes stay where they are.
class MappedFile {
 public:
  /// Throws UserError naming the path if it can't be opened or is not a regular file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  const std::filesystem::path& path() const { return path_; }

  /// Gives the pages read so far back; the bytes stay valid and come from the page cache again when
  /// they are next read. For after a whole file was read once. Thread-safe.
  void release_pages() const;

 private:
  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
};

}  // namespace temper
