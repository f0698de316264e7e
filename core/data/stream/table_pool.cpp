#include "core/data/stream/table_pool.h"

#include <utility>

namespace temper::data {

std::uint64_t TablePool::next_id() {
  const std::lock_guard lock(mutex_);
  return num_ids_++;
}

std::shared_ptr<TablePool::Slot> TablePool::touch(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  auto& slot = slots_[id];
  if (slot == nullptr) {
    slot = std::make_shared<Slot>();
    slot->place = by_use_.insert(by_use_.end(), id);
  } else {
    by_use_.splice(by_use_.end(), by_use_, slot->place);
  }
  const std::shared_ptr<Slot> found = slot;
  while (slots_.size() > kCapacity) {
    slots_.erase(by_use_.front());
    by_use_.pop_front();
  }
  return found;
}

std::shared_ptr<const RecordTable> TablePool::get(std::uint64_t id, const Open& open) {
  const std::shared_ptr<Slot> slot = touch(id);
  const std::lock_guard lock(slot->opening);
  if (slot->table == nullptr) {
    slot->table = open();
  }
  return slot->table;
}

}  // namespace temper::data
