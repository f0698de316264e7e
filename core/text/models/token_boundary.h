#pragma once

#include <span>

#include "core/text/models/merge_table.h"
#include "core/text/models/symbol.h"

namespace temper::text {

/// True if no text around two neighbouring tokens can make merging cross the boundary between them,
/// so that what lies left and right of it may be merged on its own. `left` and `right` are the
/// tokens' symbols before merging; merged alone, each gives its one token. May be false though
/// nothing would cross.
///
/// Why it is enough to look at the two: take the first merge of the whole text that crosses. Until
/// then each side went its own way, and within its side each token too, since a boundary that is
/// there in the end was never crossed. So the crossing merge joins a token `a` that stood at the
/// right edge of `left` at some time with a token `b` at the left edge of `right`. Merging takes
/// the lowest rank first, the leftmost of equals; so long as `a` is still to be consumed, its side
/// offers a merge of no higher rank than the highest one up to that moment. If the pair's rank is
/// not below that, the pair is never first.
bool stays_apart(const MergeTable& merges, std::span<const Symbol> left,
                 std::span<const Symbol> right);

}  // namespace temper::text
