#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/storage/object_store.h"

namespace temper::testing {

/// A store between the test and a real one that fails where the test says, or forgets the last
/// writes like a machine that lost power. Thread-safe.
class FaultyStore final : public storage::ObjectStore {
 public:
  enum class Operation { kAny, kState, kRead, kReadRange, kWrite, kCreate, kList, kRemove };
  struct Fault {
    int index = 0;  ///< 0: the next operation that matches
    Operation operation = Operation::kAny;
    bool takes_effect = false;    ///< it is done, but its answer is lost
    bool all_later_fail = false;  ///< like a killed process or a store that stays down
    storage::StorageError::Kind kind = storage::StorageError::Kind::kUnavailable;
  };

  /// Borrows `inner`.
  explicit FaultyStore(storage::ObjectStore& inner);

  /// Replaces the fault in wait.
  void fail(const Fault& fault);
  void heal();
  bool has_failed() const;
  int num_operations() const;

  /// Takes back the last `count` writes, creations and removals that came through here.
  void drop_last_writes(std::size_t count);

  std::string url() const override { return inner_.url(); }
  std::optional<storage::ObjectState> state(std::string_view key) const override;
  std::optional<std::vector<std::byte>> read(std::string_view key) const override;
  void read_range(std::string_view key, std::uint64_t begin,
                  std::span<std::byte> out) const override;
  void write(std::string_view key, std::span<const std::byte> bytes) override;
  [[nodiscard]] bool create_if_absent(std::string_view key,
                                      std::span<const std::byte> bytes) override;
  std::vector<storage::ObjectInfo> list(std::string_view prefix) const override;
  void remove(std::string_view key) override;

 private:
  struct Change {
    std::string key;
    std::optional<std::vector<std::byte>> before;
  };

  /// Counts, then does `work` and/or throws as the fault wants.
  template <typename Work>
  auto run(Operation operation, std::string_view key, const Work& work) const;
  bool is_hit(Operation operation) const;
  void note_change(std::string_view key);

  storage::ObjectStore& inner_;
  mutable std::mutex mutex_;
  mutable std::optional<Fault> fault_;  // counts down; under mutex_, like all below
  mutable bool has_failed_ = false;
  mutable int num_operations_ = 0;
  std::vector<Change> changes_;
};

}  // namespace temper::testing
