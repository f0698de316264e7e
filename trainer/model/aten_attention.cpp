// Causal attention by ATen's operators, for each sequence a block of queries at a time, so that no
// score matrix is larger than heads · block · length. Backward from log-sum-exp as in
// cpu_attention.cpp.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/logsumexp.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "trainer/model/aten_views.h"

namespace temper::model {
namespace {

constexpr std::int64_t kBlockQueries = 256;

/// Queries [begin, end) of the sequence that starts at row `first`; they see keys [keys, end).
struct QueryBlock {
  std::int64_t first = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t keys = 0;
  std::int64_t num_queries() const { return end - begin; }
  std::int64_t num_keys() const { return end - keys; }
};

template <class Visit>
void for_each_block(HeadLayout heads, SequenceOffsets offsets, Visit visit) {
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const std::int64_t length = offsets[i + 1] - offsets[i];
    for (std::int64_t begin = 0; begin < length; begin += kBlockQueries) {
      const std::int64_t keys =
          heads.window == 0 ? 0 : std::max<std::int64_t>(0, begin - heads.window + 1);
      visit(QueryBlock{offsets[i], begin, std::min(begin + kBlockQueries, length), keys});
    }
  }
}

class Attention {
 public:
  Attention(const AtenSettings& settings, HeadLayout heads)
      : settings_(settings),
        heads_(heads),
        scale_(1.0 / std::sqrt(static_cast<double>(heads.head_size))) {}

  /// [kv heads, group, queries, size] of a matrix [T, heads · size]; a view.
  template <class AnyMatrix>
  at::Tensor queries(AnyMatrix x, const QueryBlock& block) const {
    return view(settings_, x.rows_from(block.first + block.begin, block.num_queries()))
        .unflatten(1,
                   {heads_.num_kv_heads, heads_.num_heads / heads_.num_kv_heads, heads_.head_size})
        .permute({1, 2, 0, 3});
  }
  /// [kv heads, 1, keys, size] of a matrix [T, kv heads · size]; a view.
  template <class AnyMatrix>
  at::Tensor keys(AnyMatrix x, const QueryBlock& block) const {
    return view(settings_, x.rows_from(block.first + block.keys, block.num_keys()))
        .unflatten(1, {heads_.num_kv_heads, 1, heads_.head_size})
        .permute({1, 2, 0, 3});
  }
  /// [kv heads, group, queries, 1] of log_sum_exp [T, heads]; a view.
  template <class Float>
  at::Tensor statistics(Float* values, const QueryBlock& block) const {
    Float* const begin = values + (block.first + block.begin) * heads_.num_heads;
    return view(settings_, matrix(begin, block.num_queries(), heads_.num_heads))
        .unflatten(1, {heads_.num_kv_heads, heads_.num_heads / heads_.num_kv_heads, 1})
        .permute({1, 2, 0, 3});
  }

  /// q · kᵀ / √size, −∞ where a query does not see a key.
  at::Tensor scores(const at::Tensor& q, const at::Tensor& k, const QueryBlock& block) const {
    const at::Tensor scores = multiply(q, k.transpose(2, 3)) * scale_;
    const auto positions = [&](std::int64_t begin, std::int64_t end) {
      return at::arange(begin, end, scores.options().dtype(at::kLong));
    };
    const at::Tensor query = positions(block.begin, block.end).unsqueeze(1);
    const at::Tensor key = positions(block.keys, block.end).unsqueeze(0);
    at::Tensor hidden = key > query;
    if (heads_.window > 0) {
      hidden = hidden.logical_or(key <= query - heads_.window);
    }
    return scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
  }

  at::Tensor multiply(const at::Tensor& a, const at::Tensor& b) const {
    return product(settings_, a, b);
  }
  double scale() const { return scale_; }

 private:
  const AtenSettings& settings_;
  HeadLayout heads_;
  double scale_;
};

}  // namespace

void aten_attention(const AtenSettings& settings, ConstMatrix q, ConstMatrix k, ConstMatrix v,
                    HeadLayout heads, SequenceOffsets offsets, Matrix out, float* log_sum_exp) {
  const Attention of(settings, heads);
  for_each_block(heads, offsets, [&](const QueryBlock& block) {
    const at::Tensor scores = of.scores(of.queries(q, block), of.keys(k, block), block);
    const at::Tensor sums = at::logsumexp(scores, 3, /*keepdim=*/true);
    of.statistics(log_sum_exp, block).copy_(sums);
    of.queries(out, block).copy_(of.multiply(at::exp(scores - sums), of.keys(v, block)));
  });
}

void aten_attention_backward(const AtenSettings& settings, ConstMatrix grad_out, ConstMatrix q,
                             ConstMatrix k, ConstMatrix v, ConstMatrix out,
                             const float* log_sum_exp, HeadLayout heads, SequenceOffsets offsets,
                             Kernels::AttentionGradients gradients) {
  const Attention of(settings, heads);
  view(settings, gradients.k).zero_();
  view(settings, gradients.v).zero_();
  for_each_block(heads, offsets, [&](const QueryBlock& block) {
    const at::Tensor queries = of.queries(q, block);
    const at::Tensor keys = of.keys(k, block);
    const at::Tensor grad = of.queries(grad_out, block);
    const at::Tensor p =
        at::exp(of.scores(queries, keys, block) - of.statistics(log_sum_exp, block));
    const at::Tensor grad_p = of.multiply(grad, of.keys(v, block).transpose(2, 3));
    const at::Tensor mean = (grad * of.queries(out, block)).sum(3, /*keepdim=*/true);
    const at::Tensor grad_scores = p * (grad_p - mean) * of.scale();
    of.queries(gradients.q, block).copy_(of.multiply(grad_scores, keys));
    // The heads of a group share their key-value head.
    of.keys(gradients.k, block)
        .add_(of.multiply(grad_scores.transpose(2, 3), queries).sum(1, /*keepdim=*/true));
    of.keys(gradients.v, block).add_(of.multiply(p.transpose(2, 3), grad).sum(1, /*keepdim=*/true));
  });
}

}  // namespace temper::model
