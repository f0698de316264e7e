#include "core/storage/memory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/base/crc32c.h"
#include "core/storage/object_failures.h"
#include "core/storage/object_key.h"

namespace temper::storage {

MemoryStore::MemoryStore(std::string name) : name_(std::move(name)) {}

std::string MemoryStore::url() const {
  return "memory://" + name_;
}

MemoryStore::Bytes MemoryStore::find(std::string_view key) const {
  check_key(key);
  const std::shared_lock lock(mutex_);
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

std::optional<ObjectState> MemoryStore::state(std::string_view key) const {
  const Bytes bytes = find(key);
  if (bytes == nullptr) {
    return std::nullopt;
  }
  return ObjectState{bytes->size(), std::nullopt, fmt::format("{:08x}", crc32c(*bytes))};
}

std::optional<std::vector<std::byte>> MemoryStore::read(std::string_view key) const {
  const Bytes bytes = find(key);
  return bytes == nullptr ? std::nullopt : std::optional(*bytes);
}

void MemoryStore::read_range(std::string_view key, std::uint64_t begin,
                             std::span<std::byte> out) const {
  const Bytes bytes = find(key);
  if (bytes == nullptr) {
    throw object_not_found(url(), key);
  }
  check_range(url(), key, begin, out.size(), bytes->size());
  std::copy_n(bytes->begin() + static_cast<std::ptrdiff_t>(begin), out.size(), out.begin());
}

void MemoryStore::write(std::string_view key, std::span<const std::byte> bytes) {
  check_key(key);
  auto object = std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
  const std::unique_lock lock(mutex_);
  objects_.insert_or_assign(std::string(key), std::move(object));
}

bool MemoryStore::create_if_absent(std::string_view key, std::span<const std::byte> bytes) {
  check_key(key);
  auto object = std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
  const std::unique_lock lock(mutex_);
  return objects_.try_emplace(std::string(key), std::move(object)).second;
}

std::vector<ObjectInfo> MemoryStore::list(std::string_view prefix) const {
  check_prefix(prefix);
  const std::shared_lock lock(mutex_);
  std::vector<ObjectInfo> found;
  for (auto object = objects_.lower_bound(prefix);
       object != objects_.end() && object->first.starts_with(prefix); ++object) {
    found.push_back({object->first, object->second->size()});
  }
  return found;
}

void MemoryStore::remove(std::string_view key) {
  check_key(key);
  const std::unique_lock lock(mutex_);
  if (const auto found = objects_.find(key); found != objects_.end()) {
    objects_.erase(found);
  }
}

}  // namespace temper::storage
