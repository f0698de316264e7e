#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text/models/merge_table.h"
#include "core/text/models/symbol.h"
#include "core/text/models/vocabulary.h"

namespace temper::text {

/// The merges of a file, by falling priority.
using MergeList = std::vector<std::pair<std::string_view, std::string_view>>;

/// Merges neighbours: the pair with the lowest rank first, the leftmost of equals, until none is
/// left (Sennrich et al., 2016; huggingface/tokenizers, models/bpe/word.rs). Short pieces merge in
/// place, longer ones with a heap over a linked list, and very long ones part by part: the parts
/// end where the text on either side can't merge (token_boundary.h), so that a part and its heap
/// stay in the processor's cache and the time is linear. Immutable, thread-safe.
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
  /// Where a part ends.
  struct Cut {
    std::size_t tokens = 0;        ///< in front of it
    std::size_t symbols = 0;       ///< that they were made of
    std::uint32_t next_bytes = 0;  ///< length of the token behind it
  };

  std::size_t merge_short(Symbol* symbols, std::size_t count) const;
  std::size_t merge_long(Symbol* symbols, std::size_t count) const;
  std::size_t merge_in_parts(Symbol* symbols, std::size_t count) const;
  std::optional<Cut> find_cut(const Symbol* symbols, const std::vector<Symbol>& tokens) const;

  MergeTable merges_;
};

}  // namespace temper::text
