#include "trainer/train/progress_log.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "core/base/error.h"

namespace temper::train {

ProgressLog::ProgressLog(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
  if (!fd_.valid()) {
    throw RetryableError(
        fmt::format("{}: cannot open for appending: {}", path.string(), std::strerror(errno)));
  }
}

bool ProgressLog::append(const run::ProgressRecord& record) {
  if (!fd_.valid()) {
    return true;
  }
  const std::string line = run::to_json_line(record) + "\n";
  return ::write(fd_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

std::vector<run::ProgressRecord> read_progress(const std::filesystem::path& path) {
  std::vector<run::ProgressRecord> records;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (auto record = run::parse_progress_line(line)) {
      records.push_back(std::move(*record));
    }
  }
  return records;
}

}  // namespace temper::train
