#include "core/text/models/seam_table.h"

#include "core/text/utf8.h"

namespace temper::text {

SeamTable::SeamTable(const MergeList& merges, std::size_t prefix_bytes) {
  for (const auto& [left, right] : merges) {
    if (left.empty() || right.size() <= prefix_bytes) continue;
    const char32_t last = character_before(left, left.size()).code;
    const char32_t first = character_at(right, prefix_bytes).code;
    if (last < kNear && first < kNear) {
      near_[last].set(first);
    } else {
      far_.insert(key_of(last, first));
    }
  }
}

}  // namespace temper::text
