#include "core/storage/file_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/base/durable_file.h"
#include "core/base/file_error.h"
#include "core/base/large_buffer.h"
#include "core/base/unique_fd.h"
#include "core/storage/object_failures.h"
#include "core/storage/object_key.h"

namespace temper::storage {
namespace {

namespace fs = std::filesystem;

StorageError storage_error(const FileError& error) {
  using Kind = StorageError::Kind;
  const int number = error.error_number();
  Kind kind = Kind::kPermission;
  if (is_out_of_space(number)) {
    kind = Kind::kNoSpace;
  } else if (error.exit_code() == ExitCode::kRetryable) {
    kind = Kind::kUnavailable;
  } else if (number == ENOENT) {
    kind = Kind::kNotFound;
  }
  return {kind, error.what()};
}

/// Calls `operation`, which may throw FileError, and throws that as StorageError.
template <typename Operation>
auto translating(const Operation& operation) {
  try {
    return operation();
  } catch (const FileError& error) {
    throw storage_error(error);
  }
}

fs::path without_last_slash(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

bool means_absent(int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR;
}

/// An object's file, opened for reading. Not valid if there is none.
struct OpenObject {
  UniqueFd fd = UniqueFd();
  std::uint64_t size_bytes = 0;
};

OpenObject open_object(const fs::path& path) {
  OpenObject object{UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))};
  if (!object.fd.valid()) {
    if (means_absent(errno)) {
      return object;
    }
    throw FileError("read", path, errno);
  }
  struct stat status {};
  if (::fstat(object.fd.get(), &status) != 0) {
    throw FileError("read", path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return {};
  }
  object.size_bytes = static_cast<std::uint64_t>(status.st_size);
  return object;
}

/// Reads exactly `out`. kCorrupt if the file ends before.
void read_exactly(const OpenObject& object, const fs::path& path, std::uint64_t begin,
                  std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t count =
        ::pread(object.fd.get(), out.data(), out.size(), static_cast<off_t>(begin));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      throw FileError("read", path, errno);
    }
    if (count == 0) {
      throw StorageError(
          StorageError::Kind::kCorrupt,
          fmt::format("{}: ended at byte {} while it was read; something else is shortening it",
                      path.string(), begin));
    }
    out = out.subspan(static_cast<std::size_t>(count));
    begin += static_cast<std::uint64_t>(count);
  }
}

/// Adds the objects below `folder`, whose keys start with `key_prefix`; the wanted ones also start
/// with `wanted`. Files and folders may come and go meanwhile.
void walk(const fs::path& folder, const std::string& key_prefix, std::string_view wanted,
          std::vector<ObjectInfo>& found) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const std::string key = key_prefix + name;
    const std::string_view common = wanted.substr(0, std::min(wanted.size(), key.size()));
    if (!key.starts_with(common) || is_unfinished(name)) {
      continue;
    }
    struct stat status {};
    if (::stat(entry->path().c_str(), &status) != 0) {
      continue;
    }
    std::error_code ignored;
    if (S_ISDIR(status.st_mode) && !entry->is_symlink(ignored)) {
      walk(entry->path(), key + "/", wanted, found);
    } else if (S_ISREG(status.st_mode) && key.starts_with(wanted)) {
      found.push_back({key, static_cast<std::uint64_t>(status.st_size)});
    }
  }
  if (error && !means_absent(error.value())) {
    throw FileError("list the folder", folder, error.value());
  }
}

}  // namespace

FileStore::FileStore(const fs::path& root) : root_(without_last_slash(fs::absolute(root))) {}

std::string FileStore::url() const {
  return "file://" + root_.string();
}

fs::path FileStore::path_of(std::string_view key) const {
  check_key(key);
  return root_ / key;
}

std::optional<ObjectState> FileStore::state(std::string_view key) const {
  const fs::path path = path_of(key);
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) {
      return std::nullopt;
    }
    return ObjectState{
        static_cast<std::uint64_t>(status.st_size), std::nullopt,
        fmt::format("{}.{:09}-{}", status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino)};
  }
  if (means_absent(errno)) {
    return std::nullopt;
  }
  throw storage_error(FileError("look at", path, errno));
}

std::optional<std::vector<std::byte>> FileStore::read(std::string_view key) const {
  const fs::path path = path_of(key);
  return translating([&]() -> std::optional<std::vector<std::byte>> {
    const OpenObject object = open_object(path);
    if (!object.fd.valid()) {
      return std::nullopt;
    }
    std::vector<std::byte> bytes = large_buffer(object.size_bytes);
    read_exactly(object, path, 0, bytes);
    return bytes;
  });
}

void FileStore::read_range(std::string_view key, std::uint64_t begin,
                           std::span<std::byte> out) const {
  const fs::path path = path_of(key);
  translating([&] {
    const OpenObject object = open_object(path);
    if (!object.fd.valid()) {
      throw object_not_found(url(), key);
    }
    check_range(url(), key, begin, out.size(), object.size_bytes);
    read_exactly(object, path, begin, out);
  });
}

void FileStore::write(std::string_view key, std::span<const std::byte> bytes) {
  translating([&] { write_file_durably(path_of(key), bytes); });
}

bool FileStore::create_if_absent(std::string_view key, std::span<const std::byte> bytes) {
  return translating([&] { return create_file_durably(path_of(key), bytes); });
}

std::vector<ObjectInfo> FileStore::list(std::string_view prefix) const {
  check_prefix(prefix);
  std::vector<ObjectInfo> found;
  // No need to look above the last whole folder of the prefix.
  const std::string folder(prefix.substr(0, prefix.rfind('/') + 1));
  translating([&] { walk(root_ / folder, folder, prefix, found); });
  std::ranges::sort(found, {}, &ObjectInfo::key);
  return found;
}

void FileStore::remove(std::string_view key) {
  const fs::path path = path_of(key);
  translating([&] { remove_file_durably(path); });
  fs::path folder = path.parent_path();
  for (auto depth = std::ranges::count(key, '/'); depth > 0; --depth) {
    if (::rmdir(folder.c_str()) != 0) {
      return;  // not empty, or not ours to remove: both fine
    }
    folder = folder.parent_path();
  }
}

}  // namespace temper::storage
