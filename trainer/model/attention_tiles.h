#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "trainer/model/kernels.h"

namespace temper::model {

/// How many queries a tile has: about 128 rows of heads that share a key-value head.
std::int64_t queries_of_tile(HeadLayout heads);

/// Queries [begin, end) of the sequence that starts at row `first`, for key-value head `kv_head`.
struct Tile {
  HeadLayout heads;
  std::int64_t first = 0;
  std::int64_t kv_head = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;

  std::int64_t group() const { return heads.num_heads / heads.num_kv_heads; }
  std::int64_t queries() const { return end - begin; }
  std::int64_t rows() const { return group() * queries(); }
  std::int64_t token_of(std::int64_t row) const { return first + query_of(row); }
  std::int64_t query_of(std::int64_t row) const { return begin + row % queries(); }
  std::int64_t head_of(std::int64_t row) const { return kv_head * group() + row / queries(); }
  std::int64_t column_of(std::int64_t row) const { return head_of(row) * heads.head_size; }
  /// Place of a row in log_sum_exp [T, heads].
  std::int64_t statistic_of(std::int64_t row) const {
    return token_of(row) * heads.num_heads + head_of(row);
  }

  /// Keys [keys_begin(), end) are seen by some query of the tile.
  std::int64_t keys_begin() const { return first_key(begin); }
  std::int64_t first_key(std::int64_t query) const {
    return heads.window == 0 ? 0 : std::max<std::int64_t>(0, query - heads.window + 1);
  }

  /// Rows of the tile's key-value head for keys [from, to).
  template <class AnyMatrix>
  AnyMatrix keys(AnyMatrix x, std::int64_t from, std::int64_t to) const {
    return x.rows_from(first + from, to - from)
        .columns_from(kv_head * heads.head_size, heads.head_size);
  }
};

/// The part [begin, end) of a block of keys from `from` on that a row's query sees.
struct Seen {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t size() const { return end - begin; }
};

inline Seen seen_by(const Tile& tile, std::int64_t row, std::int64_t from, std::int64_t to) {
  const std::int64_t query = tile.query_of(row);
  const std::int64_t end = std::max(from, std::min(to, query + 1));
  const std::int64_t begin = std::min(end, std::max(from, tile.first_key(query)));
  return {begin - from, end - from};
}

/// Queries [begin, end) of one sequence for one key-value head: a part of the kernels' work.
struct Segment {
  std::int64_t first = 0;
  std::int64_t kv_head = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// One segment of each short sequence and key-value head, and of long ones several of equal work,
/// side by side in order of their queries.
std::vector<Segment> cut_into_segments(HeadLayout heads, SequenceOffsets offsets);

/// Visits the tiles of a segment in order of their queries.
template <class Visit>
void for_each_tile(HeadLayout heads, const Segment& segment, Visit visit) {
  const std::int64_t step = queries_of_tile(heads);
  for (std::int64_t begin = segment.begin; begin < segment.end; begin += step) {
    visit(Tile{heads, segment.first, segment.kv_head, begin, std::min(begin + step, segment.end)});
  }
}

}  // namespace temper::model
