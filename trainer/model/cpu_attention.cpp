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
// Products over the rows of a tile sum the group's heads of dK and dV by themselves.
//
// The queries of a long sequence are cut into segments of equal work, which idle slot workers help
// to compute. In the backward pass each segment but the first has sums of dK and dV of its own,
// which are added in order at the end. The order of all additions follows from the shapes.

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "trainer/model/attention_tiles.h"
#include "trainer/model/cpu_kernels.h"
#include "trainer/model/cpu_parts.h"
#include "trainer/model/cpu_rows.h"
#include "trainer/model/float_buffer.h"

namespace temper::model {
namespace {

constexpr std::int64_t kBlockKeys = 256;
constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

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

struct ForwardOperands {
  ConstMatrix q, k, v;
  HeadLayout heads;
  Matrix out;
  float* log_sum_exp = nullptr;
};

void tile_forward(const CpuKernels& kernels, const ForwardOperands& x, const Tile& tile,
                  TileBuffers& buffers) {
  const Matrix query = buffers.query(tile.rows());
  const Matrix result = buffers.result(tile.rows());
  float* maxima = buffers.maxima();
  float* sums = buffers.sums();
  gather(tile, x.q, query_scale(x.heads), query);
  std::fill_n(result.data, result.rows * result.columns, 0.0F);
  std::fill_n(maxima, tile.rows(), kMinusInfinity);
  std::fill_n(sums, tile.rows(), 0.0F);
  for (std::int64_t from = tile.keys_begin(); from < tile.end; from += kBlockKeys) {
    const std::int64_t to = std::min(from + kBlockKeys, tile.end);
    const Matrix scores = buffers.scores(tile.rows(), to - from);
    kernels.multiply_transposed(query, tile.keys(x.k, from, to), scores, Accumulate::kNo, 1);
    online_softmax(tile, from, to, scores, result, maxima, sums);
    kernels.multiply(scores, tile.keys(x.v, from, to), result, Accumulate::kYes, 1);
  }
  for (std::int64_t row = 0; row < tile.rows(); ++row) {
    scale_row(result.row(row), 1.0F / sums[row],
              x.out.row(tile.token_of(row)) + tile.column_of(row), x.heads.head_size);
    x.log_sum_exp[tile.statistic_of(row)] = maxima[row] + std::log(sums[row]);
  }
}

struct BackwardOperands {
  ConstMatrix grad_out, q, k, v, out;
  const float* log_sum_exp = nullptr;
  HeadLayout heads;
};

/// Adds to gradients.k and .v, whose rows are the tile's sequence's keys from the first on, of its
/// key-value head alone; writes gradients.q [T, heads · head_size].
void tile_backward(const CpuKernels& kernels, const BackwardOperands& x, const Tile& tile,
                   TileBuffers& buffers, const Kernels::AttentionGradients& gradients) {
  const Matrix query = buffers.query(tile.rows());
  const Matrix grad_query = buffers.result(tile.rows());
  const Matrix grad = buffers.grad_out(tile.rows());
  float* means = buffers.sums();
  gather(tile, x.q, query_scale(x.heads), query);
  gather(tile, x.grad_out, 1, grad);
  for (std::int64_t row = 0; row < tile.rows(); ++row) {
    means[row] =
        dot(grad.row(row), x.out.row(tile.token_of(row)) + tile.column_of(row), x.heads.head_size);
  }
  for (std::int64_t from = tile.keys_begin(); from < tile.end; from += kBlockKeys) {
    const std::int64_t to = std::min(from + kBlockKeys, tile.end);
    const Matrix weights = buffers.scores(tile.rows(), to - from);
    const Matrix grad_scores = buffers.grad_scores(tile.rows(), to - from);
    kernels.multiply_transposed(query, tile.keys(x.k, from, to), weights, Accumulate::kNo, 1);
    kernels.multiply_transposed(grad, tile.keys(x.v, from, to), grad_scores, Accumulate::kNo, 1);
    for (std::int64_t row = 0; row < tile.rows(); ++row) {
      const Seen seen = seen_by(tile, row, from, to);
      float* weight = weights.row(row);
      clear_unseen(weight, seen, weights.columns);
      clear_unseen(grad_scores.row(row), seen, weights.columns);
      exponentials(weight + seen.begin, x.log_sum_exp[tile.statistic_of(row)], weight + seen.begin,
                   seen.size());
      softmax_gradient(weight + seen.begin, means[row], grad_scores.row(row) + seen.begin,
                       seen.size());
    }
    kernels.transposed_multiply(weights, grad, gradients.v.rows_from(from, to - from),
                                Accumulate::kYes, 1);
    kernels.transposed_multiply(grad_scores, query, gradients.k.rows_from(from, to - from),
                                Accumulate::kYes, 1);
    kernels.multiply(grad_scores, tile.keys(x.k, from, to), grad_query,
                     from == tile.keys_begin() ? Accumulate::kNo : Accumulate::kYes, 1);
  }
  for (std::int64_t row = 0; row < tile.rows(); ++row) {
    scale_row(grad_query.row(row), query_scale(x.heads),
              gradients.q.row(tile.token_of(row)) + tile.column_of(row), x.heads.head_size);
  }
}

/// The rows of `x` [T, kv_heads · head_size] for the keys that a segment's queries see.
Matrix keys_of(const Segment& segment, HeadLayout heads, Matrix x) {
  return x.rows_from(segment.first, segment.end)
      .columns_from(segment.kv_head * heads.head_size, heads.head_size);
}

}  // namespace

void CpuKernels::attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, HeadLayout heads,
                           SequenceOffsets offsets, Matrix out, float* log_sum_exp) const {
  const ForwardOperands operands{q, k, v, heads, out, log_sum_exp};
  const std::vector<Segment> segments = cut_into_segments(heads, offsets);
  run_parts(runner_, static_cast<std::int64_t>(segments.size()), [&](std::int64_t part) {
    TileBuffers buffers(heads);
    for_each_tile(heads, segments[static_cast<std::size_t>(part)],
                  [&](const Tile& tile) { tile_forward(*this, operands, tile, buffers); });
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
  const BackwardOperands operands{grad_out, q, k, v, out, log_sum_exp, heads};
  const std::vector<Segment> segments = cut_into_segments(heads, offsets);
  std::vector<FloatBuffer> sums(segments.size());  // dK, then dV, of all but first segments
  const auto gradients_of = [&](std::size_t index) -> AttentionGradients {
    const Segment& segment = segments[index];
    if (segment.begin == 0) {
      return {gradients.q, keys_of(segment, heads, gradients.k),
              keys_of(segment, heads, gradients.v)};
    }
    float* own = sums[index].data();
    return {gradients.q, matrix(own, segment.end, heads.head_size),
            matrix(own + segment.end * heads.head_size, segment.end, heads.head_size)};
  };
  run_parts(runner_, static_cast<std::int64_t>(segments.size()), [&](std::int64_t part) {
    const auto index = static_cast<std::size_t>(part);
    const Segment& segment = segments[index];
    if (segment.begin > 0) {
      sums[index] = FloatBuffer::zeros(static_cast<std::size_t>(2 * segment.end * heads.head_size));
    }
    const AttentionGradients to = gradients_of(index);
    TileBuffers buffers(heads);
    for_each_tile(heads, segment,
                  [&](const Tile& tile) { tile_backward(*this, operands, tile, buffers, to); });
  });
  for (std::size_t index = 0; index < segments.size(); ++index) {
    if (segments[index].begin > 0) {
      const AttentionGradients own = gradients_of(index);
      add(own.k, keys_of(segments[index], heads, gradients.k));
      add(own.v, keys_of(segments[index], heads, gradients.v));
    }
  }
}

}  // namespace temper::model
