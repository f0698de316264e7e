#include "core/text/pre_tokenizers/split_behavior.h"

#include <algorithm>

namespace temper::text {
namespace {

struct Stretch {
  ByteRange range;
  bool matched = false;
};

// The text as alternating gaps and matches.
std::vector<Stretch> stretches_of(std::size_t size, std::span<const ByteRange> matches,
                                  bool invert) {
  std::vector<Stretch> stretches;
  std::uint32_t position = 0;
  for (const ByteRange& match : matches) {
    if (position != match.begin) stretches.push_back({{position, match.begin}, invert});
    stretches.push_back({match, !invert});
    position = match.end;
  }
  if (position != size) {
    stretches.push_back({{position, static_cast<std::uint32_t>(size)}, invert});
  }
  return stretches;
}

// Joins a stretch to the one before it where `joins(matched, previous_matched)`.
template <typename Joins>
std::vector<Stretch> join(const std::vector<Stretch>& stretches, const Joins& joins) {
  std::vector<Stretch> joined;
  bool previous = false;
  for (const Stretch& stretch : stretches) {
    if (!joined.empty() && joins(stretch.matched, previous)) {
      joined.back().range.begin = std::min(joined.back().range.begin, stretch.range.begin);
      joined.back().range.end = std::max(joined.back().range.end, stretch.range.end);
    } else {
      joined.push_back({stretch.range, false});
    }
    previous = stretch.matched;
  }
  return joined;
}

}  // namespace

void append_split(std::size_t size, std::span<const ByteRange> matches, SplitBehavior behavior,
                  bool invert, std::uint32_t shift, std::vector<Section>* pieces) {
  const auto append = [&](std::uint32_t begin, std::uint32_t end) {
    if (begin != end) pieces->push_back({begin + shift, end + shift, -1});
  };
  if (behavior == SplitBehavior::kIsolated) {  // the common one, without a list of stretches
    std::uint32_t position = 0;
    for (const ByteRange& match : matches) {
      append(position, match.begin);
      append(match.begin, match.end);
      position = match.end;
    }
    append(position, static_cast<std::uint32_t>(size));
    return;
  }
  std::vector<Stretch> stretches = stretches_of(size, matches, invert);
  const auto match_after_gap = [](bool matched, bool previous) { return matched && !previous; };
  switch (behavior) {
    case SplitBehavior::kContiguous:
      stretches = join(stretches, [](bool matched, bool previous) { return matched == previous; });
      break;
    case SplitBehavior::kMergedWithPrevious:
      stretches = join(stretches, match_after_gap);
      break;
    case SplitBehavior::kMergedWithNext:
      std::reverse(stretches.begin(), stretches.end());
      stretches = join(stretches, match_after_gap);
      std::reverse(stretches.begin(), stretches.end());
      break;
    case SplitBehavior::kRemoved:
      std::erase_if(stretches, [](const Stretch& stretch) { return stretch.matched; });
      break;
    case SplitBehavior::kIsolated:
      break;
  }
  for (const Stretch& stretch : stretches) append(stretch.range.begin, stretch.range.end);
}

}  // namespace temper::text
