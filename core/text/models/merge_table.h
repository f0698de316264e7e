#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace temper::text {

/// What a pair of neighbouring tokens merges into, and when: lower ranks first.
struct Merge {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t rank = kNone;
  std::int32_t id = -1;
};

/// Pair of ids → Merge. Open addressing with linear probing, at most half full.
class MergeTable {
 public:
  explicit MergeTable(std::size_t num_merges);

  /// A pair that comes twice keeps its last merge, as a map filled in order does.
  void insert(std::int32_t left, std::int32_t right, Merge merge);

  /// rank == Merge::kNone if the pair never merges.
  Merge find(std::int32_t left, std::int32_t right) const {
    const std::uint64_t key = key_of(left, right);
    for (std::size_t i = place_of(key);; i = (i + 1) & mask_) {
      const Slot& slot = slots_[i];
      if (slot.key == key) return slot.merge;
      if (slot.key == kEmpty) return {};
    }
  }

 private:
  struct Slot {
    std::uint64_t key = kEmpty;
    Merge merge;
  };
  static constexpr std::uint64_t kEmpty = std::numeric_limits<std::uint64_t>::max();

  static std::uint64_t key_of(std::int32_t left, std::int32_t right) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
           static_cast<std::uint32_t>(right);
  }
  std::size_t place_of(std::uint64_t key) const { return (key * 0x9E3779B97F4A7C15ULL) >> shift_; }

  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  int shift_ = 0;
};

}  // namespace temper::text
