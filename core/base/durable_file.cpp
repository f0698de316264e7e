#include "core/base/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <string>

#include "core/base/file_error.h"
#include "core/base/unique_fd.h"

namespace temper {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinishedPrefix = ".temper-";
constexpr std::string_view kUnfinishedSuffix = ".unfinished";

/// How often we make a folder again that another process removed, empty, before we could use it.
constexpr int kAttempts = 100;

fs::path folder_of(const fs::path& path) {
  const fs::path parent = path.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

/// A new entry in a folder is only durable once the folder itself is synced.
void sync_folder(const fs::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) {
      return;  // another process has removed the file and the folder since: nothing to keep
    }
    throw FileError("open the folder", folder, errno);
  }
  // Some network file systems can't sync a folder and say EINVAL.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) {
    throw FileError("sync the folder", folder, errno);
  }
}

/// The file under its temporary name; unlinked at the end if it still has it.
class UnfinishedFile {
 public:
  /// Opens a new file beside `target`, whose name all messages mention.
  explicit UnfinishedFile(const fs::path& target) : target_(target) {
    const fs::path folder = folder_of(target);
    for (int attempt = 1; !fd_.valid(); ++attempt) {
      create_directories_durably(folder);
      path_ = folder / unfinished_name();
      fd_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      if (!fd_.valid() && ((errno != ENOENT && errno != EEXIST) || attempt == kAttempts)) {
        throw FileError("write", target_, errno);
      }
    }
  }
  ~UnfinishedFile() { ::unlink(path_.c_str()); }
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

  void write_and_sync(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno != EINTR) {
        throw FileError("write", target_, errno);
      }
      bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    if (::fsync(fd_.get()) != 0) {
      throw FileError("sync", target_, errno);
    }
  }

  void replace_target() {
    if (::rename(path_.c_str(), target_.c_str()) != 0) {
      throw FileError("write", target_, errno);
    }
    sync_folder(folder_of(target_));
  }

  /// False if the target exists.
  bool become_target() {
    if (::link(path_.c_str(), target_.c_str()) != 0 && !linked_nevertheless()) {
      const bool has_no_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS;
      if (!has_no_links ||
          ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) != 0) {
        if (errno == EEXIST) {
          return false;
        }
        throw FileError("create", target_, errno);
      }
    }
    sync_folder(folder_of(target_));
    return true;
  }

 private:
  /// NFS may repeat a link() whose answer was lost and then say EEXIST: link(2), "BUGS".
  /// Keeps errno.
  bool linked_nevertheless() const {
    const int error_number = errno;
    struct stat status {};
    const bool linked = ::fstat(fd_.get(), &status) == 0 && status.st_nlink == 2;
    errno = error_number;
    return linked;
  }

  fs::path target_;
  fs::path path_;
  UniqueFd fd_;
};

}  // namespace

std::string unfinished_name() {
  std::random_device random;
  return fmt::format("{}{:08x}{:08x}{}", kUnfinishedPrefix, random(), random(), kUnfinishedSuffix);
}

void write_file_durably(const fs::path& path, std::span<const std::byte> bytes) {
  UnfinishedFile file(path);
  file.write_and_sync(bytes);
  file.replace_target();
}

void write_file_durably(const fs::path& path, std::string_view text) {
  write_file_durably(path, std::as_bytes(std::span(text.data(), text.size())));
}

bool create_file_durably(const fs::path& path, std::span<const std::byte> bytes) {
  UnfinishedFile file(path);
  file.write_and_sync(bytes);
  return file.become_target();
}

void remove_file_durably(const fs::path& path) {
  if (::unlink(path.c_str()) == 0) {
    sync_folder(folder_of(path));
  } else if (errno != ENOENT && errno != ENOTDIR && errno != EISDIR) {
    throw FileError("delete", path, errno);
  }
}

void create_directories_durably(const fs::path& folder) {
  const fs::path parent = folder_of(folder);
  for (int attempt = 1;; ++attempt) {
    if (::mkdir(folder.c_str(), 0777) == 0) {
      sync_folder(parent);
      return;
    }
    const int error_number = errno;
    std::error_code ignored;
    const fs::file_status status = fs::status(folder, ignored);
    if (fs::is_directory(status)) {
      return;
    }
    // Gone between the two calls, or its parent is missing.
    const bool may_work_later =
        (error_number == EEXIST && !fs::exists(status)) || error_number == ENOENT;
    if (!may_work_later || parent == folder || attempt == kAttempts) {
      throw FileError("make the folder", folder, error_number);
    }
    create_directories_durably(parent);
  }
}

void sync_durably(const fs::path& path) {
  std::error_code absent;
  if (fs::is_directory(path, absent)) {
    sync_folder(path);
    return;
  }
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) {
    throw FileError("sync", path, errno);
  }
}

void rename_durably(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw FileError("write", to, errno);
  }
  sync_folder(folder_of(to));
  if (folder_of(from) != folder_of(to)) {
    sync_folder(folder_of(from));
  }
}

bool is_unfinished(std::string_view file_name) {
  return file_name.starts_with(kUnfinishedPrefix) && file_name.ends_with(kUnfinishedSuffix) &&
         file_name.size() == kUnfinishedPrefix.size() + 16 + kUnfinishedSuffix.size();
}

}  // namespace temper
