#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "core/storage/memory_store.h"

namespace temper::data {

/// A store in memory whose reads fail at random: unavailable, damaged bytes, an answer cut off
/// half-way. Seeded. Thread-safe.
class UnreliableStore final : public storage::ObjectStore {
 public:
  struct Odds {
    double unavailable = 0;
    double cut = 0;      ///< some bytes, then unavailable
    double damaged = 0;  ///< a wrong byte, without a word
  };
  UnreliableStore(std::uint64_t seed, Odds odds) : odds_(odds), random_(seed) {}

  /// The store behind, which never fails.
  storage::ObjectStore& inner() { return inner_; }
  /// No faults any more, or again.
  void set_odds(Odds odds);
  /// Bytes that range reads have delivered.
  std::uint64_t bytes_read() const;

  std::string url() const override { return "fake://bucket"; }
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
  bool happens(double odds) const;  // under mutex_

  storage::MemoryStore inner_{"behind"};
  mutable std::mutex mutex_;
  Odds odds_;
  mutable std::mt19937_64 random_;
  mutable std::uint64_t bytes_read_ = 0;
};

}  // namespace temper::data
