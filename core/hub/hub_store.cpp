#include "core/hub/hub_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/large_buffer.h"
#include "core/base/unique_fd.h"
#include "core/hub/blob_hash.h"
#include "core/hub/open_hub.h"
#include "core/hub/repository_cache.h"
#include "core/storage/cloud/parallel.h"
#include "core/storage/object_failures.h"
#include "core/storage/object_key.h"

namespace temper::hub {
namespace {

using storage::StorageError;

constexpr std::uint64_t kPartBytes = 32U << 20U;

StorageError::Kind storage_kind(HubError::Kind kind) {
  switch (kind) {
    case HubError::Kind::kNoRepository:
    case HubError::Kind::kNoRevision:
    case HubError::Kind::kNoEntry:
    case HubError::Kind::kOffline:
      return StorageError::Kind::kNotFound;
    case HubError::Kind::kGated:
    case HubError::Kind::kNoToken:
    case HubError::Kind::kTokenRefused:
    case HubError::Kind::kForbidden:
      return StorageError::Kind::kPermission;
    case HubError::Kind::kNoSpace:
      return StorageError::Kind::kNoSpace;
    case HubError::Kind::kDamaged:
      return StorageError::Kind::kCorrupt;
    case HubError::Kind::kUnavailable:
      return StorageError::Kind::kUnavailable;
    case HubError::Kind::kConflict:
    case HubError::Kind::kTooLarge:
    case HubError::Kind::kRefused:
      break;
  }
  return StorageError::Kind::kRefused;
}

/// Stores throw StorageErrors only.
template <typename Operation>
auto as_storage_errors(const Operation& operation) {
  try {
    return operation();
  } catch (const HubError& error) {
    throw StorageError(storage_kind(error.kind()), error.what());
  }
}

/// False if the file is not there in that size: then the network has it.
bool read_local(const std::filesystem::path& path, std::uint64_t begin, std::span<std::byte> out) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  while (fd.valid() && !out.empty()) {
    const ssize_t count = ::pread(fd.get(), out.data(), out.size(), static_cast<off_t>(begin));
    if (count == 0 || (count < 0 && errno != EINTR)) {
      return false;
    }
    const auto length = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    out = out.subspan(length);
    begin += length;
  }
  return fd.valid();
}

}  // namespace

HubStore::HubStore(HubApi api, HubLocation location)
    : api_(std::move(api)), location_(std::move(location)) {}

std::string HubStore::url() const {
  return location_.url();
}

const Snapshot& HubStore::snapshot() const {
  const std::lock_guard lock(mutex_);
  if (!snapshot_) {
    snapshot_.emplace(as_storage_errors([&] { return Snapshot::open(api_, location_); }));
  }
  return *snapshot_;
}

std::string HubStore::path_of(std::string_view key) const {
  return location_.path.empty() ? std::string(key) : fmt::format("{}/{}", location_.path, key);
}

const TreeFile* HubStore::find(std::string_view key) const {
  storage::check_key(key);
  return snapshot().find(path_of(key));
}

FileSource& HubStore::source_of(const TreeFile& file) const {
  const Snapshot& opened = snapshot();
  const std::lock_guard lock(mutex_);
  std::unique_ptr<FileSource>& source = sources_[file.path];
  if (source == nullptr) {
    source = std::make_unique<FileSource>(api_, opened.place_of(file.path), file.size_bytes);
  }
  return *source;
}

void HubStore::read_bytes(const TreeFile& file, std::uint64_t begin,
                          std::span<std::byte> out) const {
  const RepositoryCache cache(api_.settings().cache, location_.repository);
  if (out.empty() || read_local(cache.blob(file.etag()), begin, out)) {
    return;
  }
  if (api_.settings().offline) {
    throw HubError(HubError::Kind::kOffline,
                   fmt::format("cannot read {}: it is not in the cache ({}), and HF_HUB_OFFLINE is "
                               "set",
                               snapshot().place_of(file.path).url(), cache.folder().string()));
  }
  FileSource& source = source_of(file);
  const std::size_t num_parts = (out.size() + kPartBytes - 1) / kPartBytes;
  if (num_parts > 1) {
    source.locate();
  }
  storage::run_parallel(num_parts, [&](std::size_t part) {
    const std::uint64_t offset = part * kPartBytes;
    source.read(begin + offset,
                out.subspan(offset, std::min<std::uint64_t>(kPartBytes, out.size() - offset)));
  });
}

std::optional<storage::ObjectState> HubStore::state(std::string_view key) const {
  const TreeFile* file = find(key);
  if (file == nullptr) {
    return std::nullopt;
  }
  return storage::ObjectState{file->size_bytes, std::nullopt, file->etag()};
}

std::optional<std::vector<std::byte>> HubStore::read(std::string_view key) const {
  const TreeFile* file = find(key);
  if (file == nullptr) {
    return std::nullopt;
  }
  return as_storage_errors([&] {
    std::vector<std::byte> bytes = large_buffer(file->size_bytes);
    read_bytes(*file, 0, bytes);
    BlobHash hash(*file);
    hash.update(bytes);
    if (const std::string digest = hash.hex_digest(); digest != file->etag()) {
      throw HubError(HubError::Kind::kDamaged,
                     fmt::format("{}/{}: arrived as {} instead of {}; try again, or delete it from "
                                 "the cache ({})",
                                 url(), key, digest, file->etag(), api_.settings().cache.string()));
    }
    return bytes;
  });
}

void HubStore::read_range(std::string_view key, std::uint64_t begin,
                          std::span<std::byte> out) const {
  const TreeFile* file = find(key);
  if (file == nullptr) {
    throw storage::object_not_found(url(), key);
  }
  storage::check_range(url(), key, begin, out.size(), file->size_bytes);
  as_storage_errors([&] { read_bytes(*file, begin, out); });
}

std::vector<storage::ObjectInfo> HubStore::list(std::string_view prefix) const {
  storage::check_prefix(prefix);
  const std::string folder = location_.path.empty() ? "" : location_.path + "/";
  std::vector<storage::ObjectInfo> objects;
  for (const TreeFile& file : snapshot().files()) {
    if (file.path.starts_with(folder) &&
        std::string_view(file.path).substr(folder.size()).starts_with(prefix)) {
      objects.push_back({file.path.substr(folder.size()), file.size_bytes});
    }
  }
  std::sort(objects.begin(), objects.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  return objects;
}

void HubStore::write(std::string_view key, std::span<const std::byte> bytes) {
  throw StorageError(StorageError::Kind::kRefused,
                     fmt::format("cannot write {}/{} ({} bytes): hf:// is only read from; results "
                                 "go to the Hub by publish.hub and `temper push`",
                                 url(), key, bytes.size()));
}

bool HubStore::create_if_absent(std::string_view key, std::span<const std::byte> bytes) {
  write(key, bytes);
  return false;
}

void HubStore::remove(std::string_view key) {
  throw StorageError(StorageError::Kind::kRefused,
                     fmt::format("cannot delete {}/{}: hf:// is only read from", url(), key));
}

std::unique_ptr<storage::ObjectStore> open_any_store(const std::string& location,
                                                     const storage::OpenOptions& options,
                                                     Clock& clock) {
  if (!is_hub_url(location)) {
    return storage::open_store(location, options, clock);
  }
  return std::make_unique<HubStore>(open_hub(options, clock), parse_hub_url(location));
}

}  // namespace temper::hub
