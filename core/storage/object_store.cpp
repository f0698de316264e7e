#include "core/storage/object_store.h"

#include <fmt/format.h>

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

std::optional<std::uint64_t> ObjectStore::size(std::string_view key) const {
  const std::optional<ObjectState> there = state(key);
  return there ? std::optional(there->size_bytes) : std::nullopt;
}

}  // namespace temper::storage
