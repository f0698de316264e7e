#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <unordered_set>

#include "core/text/models/pair_merger.h"

namespace temper::text {

/// Between which neighbouring characters a merge can happen at all: the last character of some
/// merge's left token and the first one of its right token. Where none can, a piece falls apart
/// into parts that merge on their own, so a whole document as one piece takes linear time.
class SeamTable {
 public:
  /// `prefix_bytes` of a merge's right token are no part of the text.
  SeamTable(const MergeList& merges, std::size_t prefix_bytes);

  bool may_merge(char32_t left, char32_t right) const {
    if (left < kNear && right < kNear) return near_[left].test(right);
    return far_.contains(key_of(left, right));
  }

 private:
  static constexpr std::size_t kNear = 256;
  static std::uint64_t key_of(char32_t left, char32_t right) {
    return std::uint64_t{left} << 32 | right;
  }

  std::array<std::bitset<kNear>, kNear> near_;
  std::unordered_set<std::uint64_t> far_;
};

}  // namespace temper::text
