#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "core/base/mapped_file.h"
#include "core/base/unique_fd.h"

namespace temper::data {

/// The content of a cache entry, mapped. Lives on when the file is deleted.
class CachedContent {
 public:
  /// nullopt if there is no such file, or its checksum says that it is damaged or cut off.
  static std::optional<CachedContent> open(const std::filesystem::path& path);
  std::span<const std::byte> bytes() const { return content_; }

 private:
  CachedContent(MappedFile file, std::span<const std::byte> content)
      : file_(std::move(file)), content_(content) {}
  MappedFile file_;
  std::span<const std::byte> content_;
};

/// An entry while it is made, in `<path>.part`. A killed writer's part stays and can be gone on
/// with. All methods throw FileError. The holder of the entry's lock only.
class CacheEntryWriter {
 public:
  /// Opens what an earlier writer left, if any.
  explicit CacheEntryWriter(const std::filesystem::path& path);

  std::uint64_t size_bytes() const { return size_bytes_; }
  void append(std::span<const std::byte> bytes);
  /// Back to nothing.
  void clear();
  /// What was written so far. Valid as long as the result.
  MappedFile map() const;

  /// Ends the content with a footer (see cache_entry.cpp), flushes it and gives the file its name.
  void commit();
  /// Deletes the part.
  void discard();

 private:
  std::filesystem::path path_;
  std::filesystem::path part_;
  UniqueFd fd_;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace temper::data
