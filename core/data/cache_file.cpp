#include "core/data/cache_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace temper::data {
namespace {

constexpr mode_t kFileMode = 0666;  // the user's umask decides

}  // namespace

std::optional<CacheLock> CacheLock::acquire(const std::filesystem::path& lock_file) {
  std::error_code error;
  std::filesystem::create_directories(lock_file.parent_path(), error);
  UniqueFd fd(::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (error || !fd.valid()) {
    return std::nullopt;
  }
  int status = 0;
  do {
    status = ::flock(fd.get(), LOCK_EX);
  } while (status != 0 && errno == EINTR);
  if (status != 0) {
    return std::nullopt;
  }
  return CacheLock(std::move(fd));
}

CacheFileWriter::CacheFileWriter(std::filesystem::path path)
    : path_(std::move(path)), part_(path_) {
  part_ += ".part";
  fd_.reset(::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
  good_ = fd_.valid();
}

CacheFileWriter::~CacheFileWriter() {
  if (fd_.valid()) {
    ::unlink(part_.c_str());
  }
}

void CacheFileWriter::append(std::span<const std::byte> bytes) {
  while (good_ && !bytes.empty()) {
    const ::ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (written == 0 || errno != EINTR) {
      good_ = false;
    }
  }
}

bool CacheFileWriter::commit() {
  if (!good_ || ::fsync(fd_.get()) != 0 || ::rename(part_.c_str(), path_.c_str()) != 0) {
    return false;
  }
  fd_.reset();
  const UniqueFd folder(::open(path_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder.valid() && ::fsync(folder.get()) == 0;
}

}  // namespace temper::data
