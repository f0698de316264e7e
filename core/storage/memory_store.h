#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "core/storage/object_store.h"

namespace temper::storage {

/// Objects in this process's memory; gone with the store. For tests and as the plainest example of
/// the contract.
class MemoryStore final : public ObjectStore {
 public:
  /// `name` only shows in url().
  explicit MemoryStore(std::string name = {});

  std::string url() const override;
  std::optional<ObjectState> state(std::string_view key) const override;
  std::optional<std::vector<std::byte>> read(std::string_view key) const override;
  void read_range(std::string_view key, std::uint64_t begin,
                  std::span<std::byte> out) const override;
  void write(std::string_view key, std::span<const std::byte> bytes) override;
  [[nodiscard]] bool create_if_absent(std::string_view key,
                                      std::span<const std::byte> bytes) override;
  std::vector<ObjectInfo> list(std::string_view prefix) const override;
  void remove(std::string_view key) override;

 private:
  using Bytes = std::shared_ptr<const std::vector<std::byte>>;  // read on without the lock
  Bytes find(std::string_view key) const;

  const std::string name_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, Bytes, std::less<>> objects_;  // under mutex_
};

}  // namespace temper::storage
