#include "core/storage/object_store.h"

#include <fmt/format.h>

#include "core/base/spelling.h"
#include "core/storage/file_store.h"
#include "core/storage/memory_store.h"
#include "core/storage/object_failures.h"

namespace temper::storage {
namespace {

ExitCode exit_code_for(StorageError::Kind kind) {
  const bool transient =
      kind == StorageError::Kind::kUnavailable || kind == StorageError::Kind::kNoSpace;
  return transient ? ExitCode::kRetryable : ExitCode::kUser;
}

}  // namespace

StorageError::StorageError(Kind kind, const std::string& message)
    : Error(exit_code_for(kind), message), kind_(kind) {}

StorageError object_not_found(std::string_view url, std::string_view key) {
  return {StorageError::Kind::kNotFound,
          fmt::format("{}/{}: there is no such object; was it deleted or moved?", url, key)};
}

void check_range(std::string_view url, std::string_view key, std::uint64_t begin,
                 std::uint64_t length, std::uint64_t size_bytes) {
  if (begin > size_bytes || length > size_bytes - begin) {
    throw StorageError(
        StorageError::Kind::kCorrupt,
        fmt::format("{}/{}: has {} bytes, but {} bytes from offset {} were to be read; was it cut "
                    "short by a copy? Bring the whole file again",
                    url, key, size_bytes, length, begin));
  }
}

std::unique_ptr<ObjectStore> open_store(const std::string& location) {
  constexpr std::string_view kSeparator = "://";
  if (location.empty()) {
    throw UserError("an empty location is no store; give a path, file:// or memory://");
  }
  const std::size_t separator = location.find(kSeparator);
  if (separator == std::string::npos) {
    return std::make_unique<FileStore>(location);
  }
  const std::string scheme = location.substr(0, separator);
  const std::string rest = location.substr(separator + kSeparator.size());
  if (scheme == "memory") {
    return std::make_unique<MemoryStore>(rest);
  }
  if (scheme != "file") {
    throw UserError(
        fmt::format("{}: this build can't open {}://{}; it knows paths, file:// and memory://",
                    location, scheme, did_you_mean(scheme, {"file", "memory"})));
  }
  if (!rest.starts_with('/')) {
    throw UserError(fmt::format("{}: a file URL has an absolute path and no host, like file:///{}",
                                location, rest));
  }
  return std::make_unique<FileStore>(rest);
}

}  // namespace temper::storage
