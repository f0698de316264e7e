#include "tests/core/data/unreliable_store.h"

#include "core/base/crc32c.h"

namespace temper::data {
namespace {

[[noreturn]] void throw_unavailable(std::string_view key) {
  throw storage::StorageError(storage::StorageError::Kind::kUnavailable,
                              "fake://bucket/" + std::string(key) + ": 503");
}

}  // namespace

void UnreliableStore::set_odds(Odds odds) {
  const std::lock_guard lock(mutex_);
  odds_ = odds;
}

std::uint64_t UnreliableStore::bytes_read() const {
  const std::lock_guard lock(mutex_);
  return bytes_read_;
}

bool UnreliableStore::happens(double odds) const {
  return odds > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < odds;
}

std::optional<storage::ObjectState> UnreliableStore::state(std::string_view key) const {
  auto state = inner_.state(key);
  if (state) {
    state->crc32c = crc32c(*inner_.read(key));
  }
  return state;
}

std::optional<std::vector<std::byte>> UnreliableStore::read(std::string_view key) const {
  return inner_.read(key);
}

void UnreliableStore::read_range(std::string_view key, std::uint64_t begin,
                                 std::span<std::byte> out) const {
  const std::lock_guard lock(mutex_);
  if (happens(odds_.unavailable)) {
    throw_unavailable(key);
  }
  if (happens(odds_.cut)) {
    inner_.read_range(key, begin, out.first(out.size() / 2));
    throw_unavailable(key);
  }
  inner_.read_range(key, begin, out);
  bytes_read_ += out.size();
  if (!out.empty() && happens(odds_.damaged)) {
    out[random_() % out.size()] ^= std::byte{0x10};
  }
}

void UnreliableStore::write(std::string_view key, std::span<const std::byte> bytes) {
  inner_.write(key, bytes);
}

bool UnreliableStore::create_if_absent(std::string_view key, std::span<const std::byte> bytes) {
  return inner_.create_if_absent(key, bytes);
}

std::vector<storage::ObjectInfo> UnreliableStore::list(std::string_view prefix) const {
  return inner_.list(prefix);
}

void UnreliableStore::remove(std::string_view key) {
  inner_.remove(key);
}

}  // namespace temper::data
