#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text/models/merge_table.h"
#include "core/text/models/vocabulary.h"

namespace temper::text {

/// The merges of a file, by falling priority.
using MergeList = std::vector<std::pair<std::string_view, std::string_view>>;

/// A token while its piece is being merged.
struct Symbol {
  std::int32_t id = 0;
  std::uint32_t length_bytes = 0;  ///< of the piece; 0 while merging: gone
  Merge with_next;
};

/// Merges neighbours: the pair with the lowest rank first, the leftmost of equals, until none is
/// left (Sennrich et al., 2016; huggingface/tokenizers, models/bpe/word.rs). Short pieces merge in
/// place; long ones with a heap over a linked list, O(n log n). Immutable, thread-safe.
class PairMerger {
 public:
  /// A merge's rank is its place, or `ranks[place]` if there are ranks. The right side counts
  /// without its first `prefix_bytes` in the merged token. UserError with `where` for a merge that
  /// names no token.
  PairMerger(const MergeList& merges, const std::vector<std::uint32_t>& ranks,
             std::size_t prefix_bytes, const Vocabulary& vocabulary, const std::string& where);

  /// Merges symbols[0 … count); returns how many are left, moved to the front.
  std::size_t merge(Symbol* symbols, std::size_t count) const;

 private:
  std::size_t merge_short(Symbol* symbols, std::size_t count) const;
  std::size_t merge_long(Symbol* symbols, std::size_t count) const;

  MergeTable merges_;
};

}  // namespace temper::text
