#include "trainer/model/attention_tiles.h"

#include <array>

namespace temper::model {
namespace {

constexpr std::int64_t kTileRows = 128;
constexpr std::int64_t kQueriesUncut = 1024;
constexpr int kSegments = 4;

/// Where segment i of a sequence ends. The work before a query grows with its square, or with a
/// window soon only with itself.
std::int64_t end_of_segment(std::int64_t length, bool windowed, int segment) {
  constexpr std::array<std::int64_t, kSegments> kRoots = {512, 724, 887, 1024};  // 1024 · √(i / 4)
  return windowed ? length * (segment + 1) / kSegments
                  : length * kRoots[static_cast<std::size_t>(segment)] / kRoots.back();
}

}  // namespace

std::int64_t queries_of_tile(HeadLayout heads) {
  return std::max<std::int64_t>(16, kTileRows / (heads.num_heads / heads.num_kv_heads));
}

std::vector<Segment> cut_into_segments(HeadLayout heads, SequenceOffsets offsets) {
  std::vector<Segment> segments;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const std::int64_t length = offsets[i + 1] - offsets[i];
    const bool windowed = heads.window > 0 && heads.window < length / 2;
    for (std::int64_t kv_head = 0; kv_head < heads.num_kv_heads; ++kv_head) {
      if (length <= kQueriesUncut) {
        segments.push_back({offsets[i], kv_head, 0, length});
        continue;
      }
      std::int64_t begin = 0;
      for (int segment = 0; segment < kSegments; ++segment) {
        const std::int64_t end = end_of_segment(length, windowed, segment);
        segments.push_back({offsets[i], kv_head, begin, end});
        begin = end;
      }
    }
  }
  return segments;
}

}  // namespace temper::model
