#include "core/data/stream/cache_entry.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/base/crc32c.h"
#include "core/base/error.h"
#include "core/base/file_error.h"

// An entry is the content followed by a footer of 24 bytes, little-endian:
//   "TMPRSHRD" | u64 content bytes | u32 CRC-32C of the content | u32 CRC-32C of the 20 bytes
//   before
// One file holds both, so a rename makes them appear together. The checksum is tested whenever the
// entry is opened, which costs a seventh of a second per GB and finds what a full disk, a torn
// write or a bad sector left.

namespace temper::data {
namespace {

constexpr std::string_view kMagic = "TMPRSHRD";
constexpr std::size_t kFooterBytes = 24;
constexpr std::size_t kSealedBytes = 20;
using Footer = std::array<std::byte, kFooterBytes>;

Footer footer_of(std::span<const std::byte> content) {
  Footer footer{};
  const std::uint64_t size = content.size();
  const std::uint32_t checksum = crc32c(content);
  std::memcpy(footer.data(), kMagic.data(), kMagic.size());
  std::memcpy(footer.data() + kMagic.size(), &size, sizeof(size));
  std::memcpy(footer.data() + kMagic.size() + sizeof(size), &checksum, sizeof(checksum));
  const std::uint32_t seal = crc32c(std::span(footer).first(kSealedBytes));
  std::memcpy(footer.data() + kSealedBytes, &seal, sizeof(seal));
  return footer;
}

}  // namespace

std::optional<CachedContent> CachedContent::open(const std::filesystem::path& path) {
  try {
    MappedFile file(path);
    const auto bytes = file.bytes();
    if (bytes.size() < kFooterBytes) {
      return std::nullopt;
    }
    const auto content = bytes.first(bytes.size() - kFooterBytes);
    const Footer expected = footer_of(content);
    if (std::memcmp(expected.data(), bytes.data() + content.size(), kFooterBytes) != 0) {
      return std::nullopt;
    }
    return CachedContent(std::move(file), content);
  } catch (const UserError&) {
    return std::nullopt;  // there is none
  }
}

CacheEntryWriter::CacheEntryWriter(const std::filesystem::path& path) : path_(path), part_(path) {
  part_ += ".part";
  constexpr mode_t kFileMode = 0666;  // the user's umask decides
  fd_.reset(::open(part_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, kFileMode));
  struct stat status {};
  if (!fd_.valid() || ::fstat(fd_.get(), &status) != 0) {
    throw FileError("write to the cache", part_, errno);
  }
  size_bytes_ = static_cast<std::uint64_t>(status.st_size);
}

void CacheEntryWriter::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ::ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      throw FileError("write to the cache", part_, errno);
    }
    if (written > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      size_bytes_ += static_cast<std::uint64_t>(written);
    }
  }
}

void CacheEntryWriter::clear() {
  if (::ftruncate(fd_.get(), 0) != 0) {
    throw FileError("write to the cache", part_, errno);
  }
  size_bytes_ = 0;
}

MappedFile CacheEntryWriter::map() const {
  return MappedFile(part_);
}

void CacheEntryWriter::commit() {
  append(footer_of(map().bytes()));
  if (::fsync(fd_.get()) != 0 || ::rename(part_.c_str(), path_.c_str()) != 0) {
    throw FileError("write to the cache", part_, errno);
  }
  fd_.reset();
}

void CacheEntryWriter::discard() {
  fd_.reset();
  ::unlink(part_.c_str());
}

}  // namespace temper::data
