#include "launcher/backends/memory_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/error.h"

namespace temper::launch {
namespace {

[[noreturn]] void fail() {
  throw RetryableError(
      fmt::format("no memory for what a program reads or prints: {}", std::strerror(errno)));
}

}  // namespace

MemoryFile::MemoryFile(const char* name, std::string_view content)
    : fd_(::memfd_create(name, MFD_CLOEXEC)) {
  if (!fd_.valid()) {
    fail();
  }
  while (!content.empty()) {
    const ssize_t count = ::write(fd_.get(), content.data(), content.size());
    if (count < 0) {
      fail();
    }
    content.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::filesystem::path MemoryFile::path() const {
  return fmt::format("/proc/{}/fd/{}", ::getpid(), fd_.get());
}

std::string MemoryFile::read() const {
  std::string text;
  std::array<char, 65536> block{};
  ssize_t count = 0;
  while ((count = ::pread(fd_.get(), block.data(), block.size(), static_cast<off_t>(text.size()))) >
         0) {
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace temper::launch
