#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>

#include "core/data/stream/record_table.h"

namespace temper::data {

/// Keeps the tables that this process used last. Each is opened by one thread while others that
/// want it wait; different ones are opened at the same time. Thread-safe.
class TablePool {
 public:
  /// Tables kept: a window of the order and the one that is prefetched, with room to spare.
  static constexpr std::size_t kCapacity = 64;

  using Open = std::function<std::unique_ptr<RecordTable>()>;

  /// The table `id`, opened by `open` if it is not there; passes on what it throws, and the next
  /// call tries again. Lives as long as somebody holds it.
  std::shared_ptr<const RecordTable> get(std::uint64_t id, const Open& open);

  /// An id of its own for each shard.
  std::uint64_t next_id();

 private:
  struct Slot {
    std::mutex opening;
    std::shared_ptr<const RecordTable> table;  // under `opening`
    std::list<std::uint64_t>::iterator place;  // in by_use_
  };
  std::shared_ptr<Slot> touch(std::uint64_t id);

  std::mutex mutex_;  // guards all below, but what is in the slots
  std::uint64_t num_ids_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Slot>> slots_;
  std::list<std::uint64_t> by_use_;  // the last one used last
};

}  // namespace temper::data
