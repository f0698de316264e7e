#include "core/text/models/token_boundary.h"

#include <algorithm>
#include <vector>

namespace temper::text {
namespace {

/// A token at an edge while its side is merged. Its times are the highest ranks merged so far.
struct EdgeToken {
  std::int32_t id = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = Merge::kNone;  ///< when it is consumed; kNone: it stays
};

/// Merges `symbols` to the end and tells which tokens stood at one edge, in their order.
std::vector<EdgeToken> trace_edge(const MergeTable& merges, std::span<const Symbol> symbols,
                                  bool right_edge) {
  std::vector<std::int32_t> ids;
  for (const Symbol& symbol : symbols) ids.push_back(symbol.id);
  std::vector<EdgeToken> tokens{{right_edge ? ids.back() : ids.front()}};
  for (std::uint32_t time = 0;;) {
    Merge lowest;
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const Merge merge = merges.find(ids[i], ids[i + 1]);
      if (merge.rank < lowest.rank) {
        lowest = merge;
        at = i;
      }
    }
    if (lowest.rank == Merge::kNone) return tokens;
    time = std::max(time, lowest.rank);
    if (at == (right_edge ? ids.size() - 2 : 0)) {
      tokens.back().end = time;
      tokens.push_back({lowest.id, time});
    }
    ids[at] = lowest.id;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

/// Of equal ranks the left side's goes first.
bool may_meet(const EdgeToken& left, const EdgeToken& right) {
  return right.begin < left.end && left.begin <= right.end;
}

}  // namespace

bool stays_apart(const MergeTable& merges, std::span<const Symbol> left,
                 std::span<const Symbol> right) {
  const std::vector<EdgeToken> right_tokens = trace_edge(merges, right, /*right_edge=*/false);
  for (const EdgeToken& a : trace_edge(merges, left, /*right_edge=*/true)) {
    for (const EdgeToken& b : right_tokens) {
      if (!may_meet(a, b)) continue;
      const std::uint32_t rank = merges.find(a.id, b.id).rank;
      if (rank != Merge::kNone && rank < a.end && rank <= b.end) return false;
    }
  }
  return true;
}

}  // namespace temper::text
