// One file into the cache.
//
// Pieces arrive by several connections and are written and hashed in order, so the ".incomplete"
// file always is a beginning of the content, and its size says where to go on: in another process
// too, and also after Python's older clients, which keep it the same way. What was there is hashed
// again first: it is read from the disk faster than it was from the network.

#include "core/hub/blob_download.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "core/base/file_error.h"
#include "core/base/unique_fd.h"
#include "core/hub/blob_hash.h"
#include "core/hub/cache_lock.h"
#include "core/hub/file_source.h"

namespace temper::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kReadBytes = 4U << 20U;
/// The kernel starts to write back after so many bytes, so that the fsync at the end is short.
constexpr std::uint64_t kWriteBackBytes = 32U << 20U;

/// The file that grows.
class IncompleteFile {
 public:
  explicit IncompleteFile(fs::path path)
      : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (!fd_.valid()) {
      throw FileError("write", path_, errno);
    }
  }

  std::uint64_t size_bytes() const {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) {
      throw FileError("read", path_, errno);
    }
    return static_cast<std::uint64_t>(status.st_size);
  }

  void clear() {
    if (::ftruncate(fd_.get(), 0) != 0) {
      throw FileError("write", path_, errno);
    }
    end_ = written_back_ = 0;
  }

  /// Hands what is there to `hash` and makes the next append() go behind it. Returns its size.
  std::uint64_t rehash(BlobHash& hash) {
    std::vector<std::byte> buffer(kReadBytes);
    for (end_ = 0;;) {
      const ssize_t count =
          ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(end_));
      if (count < 0 && errno != EINTR) {
        throw FileError("read", path_, errno);
      }
      if (count == 0) {
        written_back_ = end_;
        return end_;
      }
      const auto length = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
      hash.update(std::span(buffer).first(length));
      end_ += length;
    }
  }

  void append(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      // At its place, not at the end: if a file system's locks do not hold, two writers of the
      // same content do not mix.
      const ssize_t count =
          ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(end_));
      if (count < 0 && errno != EINTR) {
        throw FileError("write", path_, errno);
      }
      const auto length = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
      bytes = bytes.subspan(length);
      end_ += length;
    }
    if (end_ - written_back_ >= kWriteBackBytes) {
      ::sync_file_range(fd_.get(), static_cast<off_t>(written_back_),
                        static_cast<off_t>(end_ - written_back_), SYNC_FILE_RANGE_WRITE);
      written_back_ = end_;
    }
  }

  void become(const fs::path& blob) {
    if (::fsync(fd_.get()) != 0) {
      throw FileError("write", path_, errno);
    }
    std::error_code problem;
    fs::rename(path_, blob, problem);
    if (problem && !fs::exists(blob)) {
      throw FileError("rename", path_, problem.value());
    }
  }

 private:
  const fs::path path_;
  const UniqueFd fd_;
  std::uint64_t end_ = 0;
  std::uint64_t written_back_ = 0;
};

/// One try. "" if the content is as it should be, else its hash.
std::string fetch(const HubApi& api, const HubLocation& place, const TreeFile& file,
                  const PieceOptions& options, IncompleteFile& out, DownloadProgress& progress) {
  BlobHash hash(file);
  if (out.size_bytes() > file.size_bytes) {
    out.clear();
  }
  const std::uint64_t begin = out.rehash(hash);
  if (begin > 0) {
    api.client().logger().info("{}: {} of {} are there already, going on", place.url(),
                               size_text(begin), size_text(file.size_bytes));
    progress.found(begin);
  }
  FileSource source(api, place, file.size_bytes);
  if (file.size_bytes - begin > options.piece_bytes) {
    source.locate();
  }
  read_in_order(
      begin, file.size_bytes, options,
      [&](std::uint64_t offset, std::span<std::byte> piece) { source.read(offset, piece); },
      [&](std::span<const std::byte> piece) {
        hash.update(piece);
        out.append(piece);
        progress.add(piece.size());
      });
  const std::string digest = hash.hex_digest();
  return digest == file.etag() ? "" : digest;
}

}  // namespace

void download_blob(const HubApi& api, const RepositoryCache& cache, const HubLocation& place,
                   const TreeFile& file, const PieceOptions& options, DownloadProgress& progress) {
  const fs::path blob = cache.blob(file.etag());
  const Logger& logger = api.client().logger();
  const CacheLock lock(cache.lock(file.etag()), place.url(), logger);
  if (fs::exists(blob)) {
    progress.found(file.size_bytes);
    return;
  }
  IncompleteFile out(cache.incomplete(file.etag()));
  std::string digest = fetch(api, place, file, options, out, progress);
  if (!digest.empty()) {
    logger.warning("{}: arrived damaged ({} {} instead of {}); fetching it again from the start",
                   place.url(), file.is_lfs() ? "sha256" : "git oid", digest, file.etag());
    out.clear();
    digest = fetch(api, place, file, options, out, progress);
  }
  if (!digest.empty()) {
    out.clear();
    throw HubError(HubError::Kind::kDamaged,
                   fmt::format("{}: arrived with {} {} instead of {}, twice; look for a broken "
                               "proxy or mirror (HF_ENDPOINT is {}), network card or memory",
                               place.url(), file.is_lfs() ? "sha256" : "git oid", digest,
                               file.etag(), api.settings().endpoint));
  }
  out.become(blob);
}

}  // namespace temper::hub
