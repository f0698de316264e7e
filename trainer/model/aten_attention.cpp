// Causal attention by ATen's operators, for each sequence a block of queries at a time, so that no
// score matrix is larger than heads · block · length. Backward from log-sum-exp as in
// cpu_attention.cpp.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>

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
  explicit Attention(HeadLayout heads)
      : heads_(heads), scale_(1.0 / std::sqrt(static_cast<double>(heads.head_size))) {}

  /// [kv heads, group, queries, size] of [T, heads · size]; a view. Of [T, heads] with size 1.
  at::Tensor queries(const at::Tensor& x, const QueryBlock& block) const {
    return x.narrow(0, block.first + block.begin, block.num_queries())
        .unflatten(1, {heads_.num_kv_heads, heads_.num_heads / heads_.num_kv_heads,
                       x.size(1) / heads_.num_heads})
        .permute({1, 2, 0, 3});
  }
  /// [kv heads, 1, keys, size] of [T, kv heads · size]; a view.
  at::Tensor keys(const at::Tensor& x, const QueryBlock& block) const {
    return x.narrow(0, block.first + block.keys, block.num_keys())
        .unflatten(1, {heads_.num_kv_heads, 1, heads_.head_size})
        .permute({1, 2, 0, 3});
  }

  /// q · kᵀ / √size as fp32, −∞ where a query does not see a key.
  at::Tensor scores(const at::Tensor& q, const at::Tensor& k, const QueryBlock& block) const {
    const at::Tensor scores = wide(at::matmul(q, k.transpose(2, 3)) * scale_);
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

  double scale() const { return scale_; }

 private:
  HeadLayout heads_;
  double scale_;
};

}  // namespace

void aten_attention(const AtenSettings& settings, ConstMatrix q, ConstMatrix k, ConstMatrix v,
                    HeadLayout heads, SequenceOffsets offsets, Matrix out, float* log_sum_exp) {
  const Attention of(heads);
  const at::Tensor all_queries = view(settings, q);
  const at::Tensor all_keys = view(settings, k);
  const at::Tensor all_values = view(settings, v);
  const at::Tensor all_out = view(settings, out);
  const at::Tensor statistics = view(settings, matrix(log_sum_exp, q.rows, heads.num_heads));
  for_each_block(heads, offsets, [&](const QueryBlock& block) {
    const at::Tensor scores =
        of.scores(of.queries(all_queries, block), of.keys(all_keys, block), block);
    const at::Tensor sums = at::logsumexp(scores, 3, /*keepdim=*/true);
    of.queries(statistics, block).copy_(sums);
    const at::Tensor p = as_stored(at::exp(scores - sums), all_values);
    of.queries(all_out, block).copy_(at::matmul(p, of.keys(all_values, block)));
  });
}

void aten_attention_backward(const AtenSettings& settings, ConstMatrix grad_out, ConstMatrix q,
                             ConstMatrix k, ConstMatrix v, ConstMatrix out,
                             const float* log_sum_exp, HeadLayout heads, SequenceOffsets offsets,
                             Kernels::AttentionGradients gradients) {
  const Attention of(heads);
  const bool bf16 = settings.numbers == Numbers::kBFloat16;
  const at::Tensor statistics = view(settings, matrix(log_sum_exp, q.rows, heads.num_heads));
  const at::Tensor grad_q = view(settings, gradients.q);
  const at::Tensor grad_k = view(settings, gradients.k).zero_();
  const at::Tensor grad_v = view(settings, gradients.v).zero_();
  const at::Tensor sum_k = wide(grad_k);  // over blocks
  const at::Tensor sum_v = wide(grad_v);
  for_each_block(heads, offsets, [&](const QueryBlock& block) {
    const at::Tensor queries = of.queries(view(settings, q), block);
    const at::Tensor keys = of.keys(view(settings, k), block);
    const at::Tensor values = of.keys(view(settings, v), block);
    const at::Tensor grad = of.queries(view(settings, grad_out), block);
    const at::Tensor p = at::exp(of.scores(queries, keys, block) - of.queries(statistics, block));
    const at::Tensor stored_p = as_stored(p, grad);
    const at::Tensor grad_p = at::matmul(grad, values.transpose(2, 3));
    // Equal but for rounding, of which autograd has that of softmax's own backward pass.
    const at::Tensor mean = (bf16 ? grad_p * p : grad * of.queries(view(settings, out), block))
                                .sum(3, /*keepdim=*/true);
    const at::Tensor grad_scores = as_stored(p * (grad_p - mean), grad) * of.scale();
    of.queries(grad_q, block).copy_(at::matmul(grad_scores, keys));
    // The heads of a group share their key-value head.
    of.keys(sum_k, block)
        .add_(at::matmul(grad_scores.transpose(2, 3), queries).sum(1, /*keepdim=*/true));
    of.keys(sum_v, block).add_(at::matmul(stored_p.transpose(2, 3), grad).sum(1, /*keepdim=*/true));
  });
  grad_k.copy_(sum_k);
  grad_v.copy_(sum_v);
}

}  // namespace temper::model
