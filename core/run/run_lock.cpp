#include "core/run/run_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "core/base/error.h"
#include "core/base/file_error.h"

namespace temper::run {
namespace {

constexpr std::size_t kMaxHolderBytes = 512;

/// "process 1234 on host".
std::string this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("process {} on {}", ::getpid(), host.data());
}

/// The line that the holder wrote. It may be just about to.
std::string read_holder(int fd) {
  std::string holder(kMaxHolderBytes, '\0');
  const ssize_t count = ::pread(fd, holder.data(), holder.size(), 0);
  holder.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  const std::size_t end = holder.find('\n');
  return end == std::string::npos ? "another process" : holder.substr(0, end);
}

}  // namespace

RunLock::RunLock(const RunLayout& layout)
    : fd_(::open(layout.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (!fd_.valid()) {
    throw FileError("open the lock", layout.lock(), errno);
  }
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      throw FileError("lock", layout.lock(), errno);
    }
    throw UserError(fmt::format(
        "the run {} is held by {}. Wait until it ends, or stop it there (temper cancel), then try "
        "again",
        layout.root.string(), read_holder(fd_.get())));
  }
  const std::string line = this_process() + "\n";
  if (::ftruncate(fd_.get(), 0) != 0 ||
      ::pwrite(fd_.get(), line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) {
    throw FileError("write the lock", layout.lock(), errno);
  }
}

}  // namespace temper::run
