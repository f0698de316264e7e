#include "core/base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/time_format.h"
#include "core/base/unique_fd.h"

namespace temper {
namespace {

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "unknown";
}

/// A log that can't be written must not end the run, so failures are dropped here.
void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

/// Writes each line with one call, so that lines of several processes don't mix in one file.
class Logger::Sink {
 public:
  Sink(LogLevel level, const std::string& prefix, UniqueFd file)
      : level_(level),
        prefix_(prefix.empty() ? "" : fmt::format("[{}] ", prefix)),
        file_(std::move(file)) {}

  void write(LogLevel level, std::string_view message) {
    if (level < level_) {
      return;
    }
    const std::string line = fmt::format("{} {} {}{}\n", format_rfc3339(SystemClock().now()),
                                         level_name(level), prefix_, message);
    const std::lock_guard lock(mutex_);
    write_all(STDERR_FILENO, line);
    if (file_.valid()) {
      write_all(file_.get(), line);
    }
  }

 private:
  const LogLevel level_;
  const std::string prefix_;
  const UniqueFd file_;
  std::mutex mutex_;
};

Logger::Logger(LogLevel level, const std::string& prefix)
    : sink_(std::make_shared<Sink>(level, prefix, UniqueFd())) {}

Logger::Logger(LogLevel level, const std::string& prefix, const std::filesystem::path& file) {
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd.valid()) {
    throw UserError(fmt::format("cannot open the log {}: {}. Is the folder there and writable?",
                                file.string(), std::strerror(errno)));
  }
  sink_ = std::make_shared<Sink>(level, prefix, std::move(fd));
}

void Logger::write(LogLevel level, std::string_view message) const {
  sink_->write(level, message);
}

}  // namespace temper
