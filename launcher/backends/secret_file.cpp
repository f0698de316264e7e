#include "launcher/backends/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace temper::launch {
namespace {

constexpr std::size_t kMaxBytes = 64U << 10U;

[[noreturn]] void refuse(const std::string& variable, const std::filesystem::path& file,
                         const std::string& why) {
  throw UserError(fmt::format("secrets.{}: {} {}", variable, file.string(), why));
}

void check(const std::string& variable, const std::filesystem::path& file, int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    refuse(variable, file, "is no regular file");
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    refuse(variable, file, "belongs to another user; copy the secret into a file of your own");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    refuse(variable, file,
           fmt::format("can be read by others (mode {:o}); run: chmod 600 {}", info.st_mode & 0777U,
                       file.string()));
  }
}

}  // namespace

std::string read_secret(const std::string& variable, const std::filesystem::path& file) {
  // Opened first and then looked at, so that it can't be exchanged in between.
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    refuse(variable, file, fmt::format("can't be read: {}", std::strerror(errno)));
  }
  check(variable, file, fd.get());
  std::string secret;
  std::array<char, 4096> block{};
  ssize_t count = 0;
  while ((count = ::read(fd.get(), block.data(), block.size())) > 0 && secret.size() <= kMaxBytes) {
    secret.append(block.data(), static_cast<std::size_t>(count));
  }
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) {
    secret.pop_back();
  }
  if (count < 0 || secret.empty() || secret.size() > kMaxBytes ||
      secret.find('\0') != std::string::npos) {
    refuse(variable, file, "holds no secret: it is empty, longer than 64 KiB, or no text");
  }
  return secret;
}

std::map<std::string, std::string> read_secrets(const std::map<std::string, std::string>& files) {
  std::map<std::string, std::string> secrets;
  for (const auto& [variable, file] : files) {
    secrets[variable] = read_secret(variable, file);
  }
  return secrets;
}

}  // namespace temper::launch
