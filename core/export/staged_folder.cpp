#include "core/export/staged_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "core/base/durable_file.h"
#include "core/base/file_error.h"
#include "core/base/unique_fd.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;

fs::path sibling(const fs::path& target, const char* suffix) {
  return target.parent_path() / fmt::format(".{}{}", target.filename().string(), suffix);
}

void remove_folder(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) {
    throw FileError("remove", path, error.value());
  }
}

void sync_folder(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) {
    throw FileError("sync", path, errno);
  }
}

void rename_folder(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw FileError("rename to " + to.string(), from, errno);
  }
}

// False if the file system can't swap names.
bool exchange(const fs::path& one, const fs::path& other) {
  if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) {
    return true;
  }
  if (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP) {
    return false;
  }
  throw FileError("swap with " + other.string(), one, errno);
}

// "runs/x/adapter/" names the same folder as "runs/x/adapter".
fs::path without_trailing_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

StagedFolder::StagedFolder(fs::path target)
    : target_(without_trailing_slash(fs::absolute(target))),
      staging_(sibling(target_, ".partial")) {
  remove_folder(staging_);
  create_directories_durably(staging_);
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;  // the next export clears it away
  fs::remove_all(staging_, ignored);
}

void StagedFolder::write(std::string_view name, std::span<const std::byte> bytes) {
  write_file_durably(staging_ / name, bytes);
}

void StagedFolder::write(std::string_view name, std::string_view text) {
  write_file_durably(staging_ / name, text);
}

void StagedFolder::publish() {
  sync_folder(staging_);
  const fs::path replaced = sibling(target_, ".replaced");
  remove_folder(replaced);
  if (!fs::exists(target_)) {
    rename_folder(staging_, target_);
  } else if (!exchange(staging_, target_)) {
    rename_folder(target_, replaced);
    rename_folder(staging_, target_);
  }
  sync_folder(target_.parent_path());
  // What was there before is in the one or, after an exchange, the other. The new folder stands
  // even if they can't be removed.
  std::error_code ignored;
  fs::remove_all(replaced, ignored);
  fs::remove_all(staging_, ignored);
}

}  // namespace temper::exporting
