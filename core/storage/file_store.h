#pragma once

#include <filesystem>
#include <string>

#include "core/storage/object_store.h"

namespace temper::storage {

/// Objects as files under a folder, on a local or a shared POSIX file system. Safe for several
/// processes and hosts at once. Writes follow core/base/durable_file.h; a killed writer's leftovers
/// are never listed nor deleted. Links to files are followed, links to folders are not listed. One
/// object's key can't be a folder of another's ("a" beside "a/b").
class FileStore final : public ObjectStore {
 public:
  /// A relative root is taken from the current folder, now. It need not exist yet.
  explicit FileStore(const std::filesystem::path& root);

  std::string url() const override;
  std::optional<ObjectState> state(std::string_view key) const override;
  std::optional<std::vector<std::byte>> read(std::string_view key) const override;
  void read_range(std::string_view key, std::uint64_t begin,
                  std::span<std::byte> out) const override;
  void write(std::string_view key, std::span<const std::byte> bytes) override;
  [[nodiscard]] bool create_if_absent(std::string_view key,
                                      std::span<const std::byte> bytes) override;
  std::vector<ObjectInfo> list(std::string_view prefix) const override;
  /// Also removes folders that become empty.
  void remove(std::string_view key) override;

 private:
  std::filesystem::path path_of(std::string_view key) const;

  const std::filesystem::path root_;  // absolute, without "." and ".."
};

}  // namespace temper::storage
