// A copy lies under a name made of its URL and of the version of every object, so it never goes
// stale: when the bucket changes, the name does. It is built in "<name>.part" and renamed when it
// is whole.

#include "core/storage/local_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <vector>

#include "core/base/crc32c.h"
#include "core/base/durable_file.h"
#include "core/base/error.h"
#include "core/base/file_error.h"
#include "core/base/hash.h"
#include "core/base/mapped_file.h"
#include "core/base/unique_fd.h"
#include "core/http/url.h"
#include "core/storage/cloud/parallel.h"

namespace temper::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPieceBytes = 8U << 20U;

/// One object to copy.
struct Source {
  std::string key;
  ObjectState state;
};

/// What is to be copied: a single object, or all below a prefix.
struct Listing {
  std::unique_ptr<ObjectStore> store;
  std::vector<Source> sources;
  bool is_file = false;
};

Listing list_sources(const std::string& url, const OpenOptions& options, Clock& clock) {
  const std::size_t slash = url.rfind('/');
  const bool has_folder = slash > url.find("://") + 2;
  if (has_folder) {
    Listing file{open_store(url.substr(0, slash), options, clock), {}, true};
    const std::string key = url.substr(slash + 1);
    if (const auto state = file.store->state(key)) {
      file.sources.push_back({key, *state});
      return file;
    }
  }
  Listing folder{open_store(url, options, clock), {}, false};
  for (const ObjectInfo& object : folder.store->list("")) {
    if (const auto state = folder.store->state(object.key)) {
      folder.sources.push_back({object.key, *state});
    }
  }
  if (folder.sources.empty()) {
    throw UserError(
        fmt::format("{}: there is neither an object nor a folder with objects; is it "
                    "spelled right?",
                    url));
  }
  return folder;
}

std::string name_of(const std::string& url, const Listing& listing) {
  std::string versions = url;
  for (const Source& source : listing.sources) {
    versions +=
        fmt::format("\n{} {} {}", source.key, source.state.size_bytes, source.state.version);
  }
  return sha256_hex(versions).substr(0, 32);
}

bool is_whole(const fs::path& file, const ObjectState& state) {
  std::error_code absent;
  if (fs::file_size(file, absent) != state.size_bytes || absent) {
    return false;
  }
  return state.crc32c && crc32c(MappedFile(file).bytes()) == *state.crc32c;
}

void write_at(int fd, std::uint64_t offset, std::span<const std::byte> bytes,
              const fs::path& file) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno != EINTR) {
      throw FileError("write", file, errno);
    }
    const std::size_t written = count < 0 ? 0 : static_cast<std::size_t>(count);
    offset += written;
    bytes = bytes.subspan(written);
  }
}

/// Reads and writes piece by piece over several connections, so that memory stays bounded and each
/// piece is summed and written while it is in the processor's cache. Returns the checksum.
std::uint32_t copy_pieces(const ObjectStore& store, const Source& source, int fd,
                          const fs::path& file) {
  const std::uint64_t size = source.state.size_bytes;
  const std::size_t num_pieces = (size + kPieceBytes - 1) / kPieceBytes;
  std::vector<std::uint32_t> checksums(num_pieces);
  const auto piece_size = [&](std::size_t piece) {
    return std::min(kPieceBytes, size - piece * kPieceBytes);
  };
  std::atomic<std::size_t> next = 0;
  run_parallel(std::min(num_pieces, kMaxConnections), [&](std::size_t) {
    std::vector<std::byte> buffer(std::min(kPieceBytes, size));
    for (std::size_t piece = next++; piece < num_pieces; piece = next++) {
      const auto bytes = std::span(buffer).first(piece_size(piece));
      store.read_range(source.key, piece * kPieceBytes, bytes);
      checksums[piece] = crc32c(bytes);
      write_at(fd, piece * kPieceBytes, bytes, file);
    }
  });
  std::uint32_t crc = 0;
  for (std::size_t piece = 0; piece < num_pieces; ++piece) {
    crc = crc32c_combine(crc, checksums[piece], piece_size(piece));
  }
  return crc;
}

void copy_object(const ObjectStore& store, const Source& source, const fs::path& file) {
  create_directories_durably(file.parent_path());
  const UniqueFd out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!out.valid()) {
    throw FileError("write", file, errno);
  }
  const std::uint32_t crc = copy_pieces(store, source, out.get(), file);
  if (::fsync(out.get()) != 0) {
    throw FileError("write", file, errno);
  }
  if (source.state.crc32c && crc != *source.state.crc32c) {
    throw StorageError(StorageError::Kind::kUnavailable,
                       fmt::format("{}/{}: the copy has crc32c {:08x} instead of {:08x}: it was "
                                   "damaged on the way, or replaced meanwhile; try again",
                                   store.url(), source.key, crc, *source.state.crc32c));
  }
}

}  // namespace

fs::path local_copy(const std::string& location, const fs::path& cache_directory,
                    const OpenOptions& options, Clock& clock) {
  if (!is_bucket_url(location)) {
    return location;
  }
  const std::string url = http::without_last_slashes(location);
  const Listing listing = list_sources(url, options, clock);
  const fs::path folder = fs::absolute(cache_directory) / "copies" / name_of(url, listing);
  const fs::path result = listing.is_file ? folder / listing.sources.front().key : folder;
  create_directories_durably(folder.parent_path());
  const fs::path lock_path = folder.string() + ".lock";
  const UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock.valid() || ::flock(lock.get(), LOCK_EX) != 0) {
    throw FileError("lock", lock_path, errno);
  }
  std::error_code absent;
  if (fs::exists(folder, absent)) {
    return result;
  }
  const fs::path part = folder.string() + ".part";
  for (const Source& source : listing.sources) {
    if (!is_whole(part / source.key, source.state)) {
      options.logger.info("copying {}/{} ({} bytes) to {}", listing.store->url(), source.key,
                          source.state.size_bytes, part.string());
      copy_object(*listing.store, source, part / source.key);
    }
  }
  fs::rename(part, folder);
  return result;
}

}  // namespace temper::storage
