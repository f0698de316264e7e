#include "launcher/backends/captured_run.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "launcher/backends/restart_policy.h"

namespace temper::launch {
namespace {

/// A file without a name on any disk (memfd_create(2)); children open it through /proc.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name) : fd_(::memfd_create(name, MFD_CLOEXEC)) {
    if (!fd_.valid()) {
      throw RetryableError(
          fmt::format("no memory for a program's output: {}", std::strerror(errno)));
    }
  }

  std::filesystem::path path() const {
    return fmt::format("/proc/{}/fd/{}", ::getpid(), fd_.get());
  }

  std::string read() const {
    std::string text;
    std::array<char, 65536> block{};
    ssize_t count = 0;
    while ((count = ::pread(fd_.get(), block.data(), block.size(),
                            static_cast<off_t>(text.size()))) > 0) {
      text.append(block.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  UniqueFd fd_;
};

}  // namespace

CapturedRun run_captured(ProcessRunner& runner, const std::vector<std::string>& argv) {
  const MemoryFile out("stdout");
  const MemoryFile err("stderr");
  Command command;
  command.argv = argv;
  command.output = out.path();
  command.errors = err.path();
  CapturedRun run;
  run.code = runner.start(command)->wait().code;
  run.out = out.read();
  run.err = err.read();
  return run;
}

std::string complaint_of(const CapturedRun& run) {
  const std::string& text =
      run.err.find_first_not_of(" \n") == std::string::npos ? run.out : run.err;
  const std::size_t begin = text.find_first_not_of(" \n");
  if (begin == std::string::npos) {
    return describe_exit(run.code);
  }
  const std::size_t end = text.find('\n', begin);
  return text.substr(begin, end == std::string::npos ? end : end - begin);
}

}  // namespace temper::launch
