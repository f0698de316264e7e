#include "core/hub/cache_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "core/base/file_error.h"

namespace temper::hub {
namespace {

constexpr mode_t kGroupWritable = 0664;  // others who share the cache wait for the same locks

/// Python may delete the file when it lets go; then a lock on it is worth nothing.
bool is_still_there(int fd, const std::filesystem::path& path) {
  struct stat held {};
  struct stat named {};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

void wait_for(int fd, const std::filesystem::path& path) {
  while (::flock(fd, LOCK_EX) != 0) {
    if (errno != EINTR) {
      throw FileError("lock", path, errno);
    }
  }
}

}  // namespace

CacheLock::CacheLock(const std::filesystem::path& path, const std::string& what,
                     const Logger& logger) {
  do {
    fd_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kGroupWritable));
    if (!fd_.valid()) {
      throw FileError("open the lock", path, errno);
    }
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
      logger.info("another process fetches {}; waiting for it", what);
      wait_for(fd_.get(), path);
    }
  } while (!is_still_there(fd_.get(), path));
}

}  // namespace temper::hub
