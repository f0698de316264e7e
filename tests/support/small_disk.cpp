#include "tests/support/small_disk.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace temper::testing {
namespace {

void mount_or_throw(const std::filesystem::path& folder, std::uint64_t bytes, unsigned long flags) {
  if (::mount("tmpfs", folder.c_str(), "tmpfs", flags, fmt::format("size={}", bytes).c_str()) !=
      0) {
    throw std::runtime_error(fmt::format("mount {}: {}", folder.string(), std::strerror(errno)));
  }
}

}  // namespace

void mount_small_disk(const std::filesystem::path& folder, std::uint64_t bytes) {
  std::filesystem::create_directories(folder);
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    throw std::runtime_error(fmt::format("a mount namespace: {}", std::strerror(errno)));
  }
  mount_or_throw(folder, bytes, 0);
}

void resize_small_disk(const std::filesystem::path& folder, std::uint64_t bytes) {
  mount_or_throw(folder, bytes, MS_REMOUNT);
}

bool may_mount_disks() {
  const TemporaryDirectory folder;
  return run_in_child([&]() -> std::string {
           mount_small_disk(folder / "disk", 4096);
           return "";
         }) == 0;
}

}  // namespace temper::testing
