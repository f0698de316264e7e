#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "core/hub/file_source.h"
#include "core/hub/hub_api.h"
#include "core/hub/snapshot.h"
#include "core/storage/open_store.h"

namespace temper::hub {

/// One commit of a repository, or a folder of it, as a store to read from: ranges come over the
/// network, or from the shared cache where it has the file. Whole objects are checked against their
/// hash. Writing is StorageError kRefused. The commit is looked up by the first call.
class HubStore final : public storage::ObjectStore {
 public:
  HubStore(HubApi api, HubLocation location);

  std::string url() const override;
  std::optional<storage::ObjectState> state(std::string_view key) const override;
  std::optional<std::vector<std::byte>> read(std::string_view key) const override;
  void read_range(std::string_view key, std::uint64_t begin,
                  std::span<std::byte> out) const override;
  std::vector<storage::ObjectInfo> list(std::string_view prefix) const override;

  void write(std::string_view key, std::span<const std::byte> bytes) override;
  bool create_if_absent(std::string_view key, std::span<const std::byte> bytes) override;
  void remove(std::string_view key) override;

 private:
  const Snapshot& snapshot() const;
  std::string path_of(std::string_view key) const;
  const TreeFile* find(std::string_view key) const;
  /// A file that is read over the network; kept, because it knows where the Hub redirected to.
  FileSource& source_of(const TreeFile& file) const;
  void read_bytes(const TreeFile& file, std::uint64_t begin, std::span<std::byte> out) const;

  const HubApi api_;
  const HubLocation location_;
  mutable std::mutex mutex_;
  mutable std::optional<Snapshot> snapshot_;                                 // under mutex_
  mutable std::map<std::string, std::unique_ptr<FileSource>> sources_ = {};  // under mutex_
};

/// The store at `location`: hf://, or what storage::open_store knows. UserError.
std::unique_ptr<storage::ObjectStore> open_any_store(const std::string& location,
                                                     const storage::OpenOptions& options,
                                                     Clock& clock);

}  // namespace temper::hub
