#include "trainer/train/progress_log.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "core/base/file_error.h"

namespace temper::train {

ProgressLog::ProgressLog(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
  if (!fd_.valid()) {
    throw FileError("append to", path, errno);
  }
  // A kill may have torn the last line; without an end of line the next one would be lost with it.
  const off_t size = ::lseek(fd_.get(), 0, SEEK_END);
  char last = '\n';
  if (size > 0 && ::pread(fd_.get(), &last, 1, size - 1) == 1 && last != '\n') {
    append_text("\n");
  }
}

bool ProgressLog::append_text(std::string_view text) {
  return ::write(fd_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool ProgressLog::append(const run::ProgressRecord& record) {
  if (!fd_.valid()) {
    return true;
  }
  return append_text(run::to_json_line(record) + "\n");
}

}  // namespace temper::train
