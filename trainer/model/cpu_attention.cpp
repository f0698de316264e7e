// Causal attention inside each sequence, in tiles: memory linear in the length, keys and values of
// grouped heads never repeated. (The tiling and the backward from log-sum-exp are
// FlashAttention-2's, Dao 2023, algorithms 1 and 2.)
//
// A tile is a block of queries for all query heads that share one key-value head, one row a (head,
// query). Its rows meet the keys block by block:
//   forward   S = Q·Kᵀ, P = e^(S − running maximum), O += P·V; rows are rescaled when their maximum
//             grows and divided by their sum at the end
//   backward  P = e^(S − log-sum-exp), dP = dO·Vᵀ, dS = P ∘ (dP − rowsum(dO ∘ O)),
//             dV += Pᵀ·dO, dK += dSᵀ·Q, dQ += dS·K
// Products over the rows of a tile sum the group's heads of dK and dV by themselves. The order of
// all additions follows from the shapes.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "trainer/model/cpu_kernels.h"
#include "trainer/model/cpu_rows.h"
#include "trainer/model/float_buffer.h"

namespace temper::model {
namespace {

constexpr std::int64_t kTileRows = 128;
constexpr std::int64_t kBlockKeys = 256;
constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

std::int64_t queries_of_tile(HeadLayout heads) {
  return std::max<std::int64_t>(16, kTileRows / (heads.num_heads / heads.num_kv_heads));
}

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

/// Visits every tile, those of one key-value head of one sequence in order of their queries.
template <class Visit>
void for_each_tile(HeadLayout heads, SequenceOffsets offsets, Visit visit) {
  const std::int64_t step = queries_of_tile(heads);
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const std::int64_t length = offsets[i + 1] - offsets[i];
    for (std::int64_t kv_head = 0; kv_head < heads.num_kv_heads; ++kv_head) {
      for (std::int64_t begin = 0; begin < length; begin += step) {
        visit(Tile{heads, offsets[i], kv_head, begin, std::min(begin + step, length)});
      }
    }
  }
}

/// The part [begin, end) of a block of keys from `from` on that a row's query sees.
struct Seen {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t size() const { return end - begin; }
};

Seen seen_by(const Tile& tile, std::int64_t row, std::int64_t from, std::int64_t to) {
  const std::int64_t query = tile.query_of(row);
  const std::int64_t end = std::max(from, std::min(to, query + 1));
  const std::int64_t begin = std::min(end, std::max(from, tile.first_key(query)));
  return {begin - from, end - from};
}

void clear_unseen(float* row, Seen seen, std::int64_t columns) {
  std::fill(row, row + seen.begin, 0.0F);
  std::fill(row + seen.end, row + columns, 0.0F);
}

float query_scale(HeadLayout heads) {
  return 1.0F / std::sqrt(static_cast<float>(heads.head_size));
}

/// rows [tile rows, head_size] = factor · the tile's part of x [T, heads · head_size].
void gather(const Tile& tile, ConstMatrix x, float factor, Matrix rows) {
  for (std::int64_t row = 0; row < tile.rows(); ++row) {
    scale_row(x.row(tile.token_of(row)) + tile.column_of(row), factor, rows.row(row), rows.columns);
  }
}

/// Scratch of the largest tile.
class TileBuffers {
 public:
  explicit TileBuffers(HeadLayout heads)
      : head_size_(heads.head_size),
        rows_(queries_of_tile(heads) * (heads.num_heads / heads.num_kv_heads)),
        row_stride_(align_floats(static_cast<std::size_t>(rows_ * head_size_))),
        score_stride_(align_floats(static_cast<std::size_t>(rows_ * kBlockKeys))),
        buffer_(3 * row_stride_ + 2 * score_stride_ + 2 * static_cast<std::size_t>(rows_)) {}

  Matrix query(std::int64_t rows) { return matrix(at(0), rows, head_size_); }
  Matrix result(std::int64_t rows) { return matrix(at(row_stride_), rows, head_size_); }
  Matrix grad_out(std::int64_t rows) { return matrix(at(2 * row_stride_), rows, head_size_); }
  Matrix scores(std::int64_t rows, std::int64_t keys) {
    return matrix(at(3 * row_stride_), rows, keys);
  }
  Matrix grad_scores(std::int64_t rows, std::int64_t keys) {
    return matrix(at(3 * row_stride_ + score_stride_), rows, keys);
  }
  float* maxima() { return at(3 * row_stride_ + 2 * score_stride_); }
  float* sums() { return maxima() + rows_; }

 private:
  float* at(std::size_t offset) { return buffer_.data() + offset; }

  std::int64_t head_size_;
  std::int64_t rows_;
  std::size_t row_stride_;
  std::size_t score_stride_;
  FloatBuffer buffer_;
};

/// Scores become weights relative to each row's running maximum; rescales `out` where that grew.
void online_softmax(const Tile& tile, std::int64_t from, std::int64_t to, Matrix scores, Matrix out,
                    float* maxima, float* sums) {
  for (std::int64_t row = 0; row < scores.rows; ++row) {
    const Seen seen = seen_by(tile, row, from, to);
    float* score = scores.row(row);
    clear_unseen(score, seen, scores.columns);
    if (seen.size() == 0) {
      continue;
    }
    const float maximum = std::max(maxima[row], row_maximum(score + seen.begin, seen.size()));
    if (sums[row] != 0 && maximum != maxima[row]) {
      const float factor = std::exp(maxima[row] - maximum);
      sums[row] *= factor;
      scale_row(out.row(row), factor, out.row(row), out.columns);
    }
    maxima[row] = maximum;
    sums[row] += exponentials(score + seen.begin, maximum, score + seen.begin, seen.size());
  }
}

}  // namespace

void CpuKernels::attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, HeadLayout heads,
                           SequenceOffsets offsets, Matrix out, float* log_sum_exp) const {
  TileBuffers buffers(heads);
  for_each_tile(heads, offsets, [&](const Tile& tile) {
    const Matrix query = buffers.query(tile.rows());
    const Matrix result = buffers.result(tile.rows());
    float* maxima = buffers.maxima();
    float* sums = buffers.sums();
    gather(tile, q, query_scale(heads), query);
    std::fill_n(result.data, result.rows * result.columns, 0.0F);
    std::fill_n(maxima, tile.rows(), kMinusInfinity);
    std::fill_n(sums, tile.rows(), 0.0F);
    for (std::int64_t from = tile.keys_begin(); from < tile.end; from += kBlockKeys) {
      const std::int64_t to = std::min(from + kBlockKeys, tile.end);
      const Matrix scores = buffers.scores(tile.rows(), to - from);
      multiply_transposed(query, tile.keys(k, from, to), scores, Accumulate::kNo, 1);
      online_softmax(tile, from, to, scores, result, maxima, sums);
      multiply(scores, tile.keys(v, from, to), result, Accumulate::kYes, 1);
    }
    for (std::int64_t row = 0; row < tile.rows(); ++row) {
      scale_row(result.row(row), 1.0F / sums[row],
                out.row(tile.token_of(row)) + tile.column_of(row), heads.head_size);
      log_sum_exp[tile.statistic_of(row)] = maxima[row] + std::log(sums[row]);
    }
  });
}

void CpuKernels::attention_backward(ConstMatrix grad_out, ConstMatrix q, ConstMatrix k,
                                    ConstMatrix v, ConstMatrix out, const float* log_sum_exp,
                                    HeadLayout heads, SequenceOffsets offsets,
                                    AttentionGradients gradients) const {
  for (std::int64_t t = 0; t < gradients.k.rows; ++t) {
    std::fill_n(gradients.k.row(t), gradients.k.columns, 0.0F);
    std::fill_n(gradients.v.row(t), gradients.v.columns, 0.0F);
  }
  TileBuffers buffers(heads);
  for_each_tile(heads, offsets, [&](const Tile& tile) {
    const Matrix query = buffers.query(tile.rows());
    const Matrix grad_query = buffers.result(tile.rows());
    const Matrix grad = buffers.grad_out(tile.rows());
    float* means = buffers.sums();
    gather(tile, q, query_scale(heads), query);
    gather(tile, grad_out, 1, grad);
    for (std::int64_t row = 0; row < tile.rows(); ++row) {
      means[row] =
          dot(grad.row(row), out.row(tile.token_of(row)) + tile.column_of(row), heads.head_size);
    }
    for (std::int64_t from = tile.keys_begin(); from < tile.end; from += kBlockKeys) {
      const std::int64_t to = std::min(from + kBlockKeys, tile.end);
      const Matrix weights = buffers.scores(tile.rows(), to - from);
      const Matrix grad_scores = buffers.grad_scores(tile.rows(), to - from);
      multiply_transposed(query, tile.keys(k, from, to), weights, Accumulate::kNo, 1);
      multiply_transposed(grad, tile.keys(v, from, to), grad_scores, Accumulate::kNo, 1);
      for (std::int64_t row = 0; row < tile.rows(); ++row) {
        const Seen seen = seen_by(tile, row, from, to);
        float* weight = weights.row(row);
        clear_unseen(weight, seen, weights.columns);
        clear_unseen(grad_scores.row(row), seen, weights.columns);
        exponentials(weight + seen.begin, log_sum_exp[tile.statistic_of(row)], weight + seen.begin,
                     seen.size());
        softmax_gradient(weight + seen.begin, means[row], grad_scores.row(row) + seen.begin,
                         seen.size());
      }
      transposed_multiply(weights, grad, tile.keys(gradients.v, from, to), Accumulate::kYes, 1);
      transposed_multiply(grad_scores, query, tile.keys(gradients.k, from, to), Accumulate::kYes,
                          1);
      multiply(grad_scores, tile.keys(k, from, to), grad_query,
               from == tile.keys_begin() ? Accumulate::kNo : Accumulate::kYes, 1);
    }
    for (std::int64_t row = 0; row < tile.rows(); ++row) {
      scale_row(grad_query.row(row), query_scale(heads),
                gradients.q.row(tile.token_of(row)) + tile.column_of(row), heads.head_size);
    }
  });
}

}  // namespace temper::model
