#include "tests/trainer/model/gpu_attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/full.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <atomic>
#include <functional>
#include <limits>
#include <optional>
#include <tuple>

namespace temper::testing {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;
using OptionalSize = std::optional<std::int64_t>;

std::atomic<int> num_flash_calls = 0;
std::atomic<int> num_efficient_calls = 0;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kFlashHeadSize = 256;
constexpr std::int64_t kStatisticsMultiple = 32;

/// One sequence, causal, in fp64: q, grad and so on are [heads, length, size].
struct Sequence {
  Tensor q, k, v;  // k and v of as many heads as q
  double scale;
  std::int64_t window;  // 0: all

  Tensor scores() const {
    const Tensor t = at::arange(q.size(1));
    Tensor hidden = t.unsqueeze(0) > t.unsqueeze(1);
    if (window > 0) {
      hidden = hidden.logical_or(t.unsqueeze(0) <= t.unsqueeze(1) - window);
    }
    return (at::matmul(q, k.transpose(1, 2)) * scale).masked_fill(hidden, -kInfinity);
  }
};

/// Rows of sequence `index`, of as many heads as there are queries', in fp64.
Tensor rows(const Tensor& x, const Tensor& lengths, std::int64_t index, std::int64_t num_heads) {
  const std::int64_t begin = lengths[index].item<std::int64_t>();
  const std::int64_t end = lengths[index + 1].item<std::int64_t>();
  return x.narrow(0, begin, end - begin)
      .to(at::kDouble)
      .transpose(0, 1)
      .repeat_interleave(num_heads / x.size(1), 0);
}

/// Where sequence `index` keeps its log-sum-exp [heads, length]: a view.
using Statistics = std::function<Tensor(const Tensor&, std::int64_t index, std::int64_t begin,
                                        std::int64_t length)>;

struct Problem {
  Tensor q, k, v;  // [T, heads, size]
  Tensor lengths;
  double scale;
  std::int64_t window;

  std::int64_t num_sequences() const { return lengths.size(0) - 1; }
  Sequence sequence(std::int64_t index) const {
    const std::int64_t heads = q.size(1);
    return {rows(q, lengths, index, heads), rows(k, lengths, index, heads),
            rows(v, lengths, index, heads), scale, window};
  }
  Tensor part(const Tensor& x, std::int64_t index) const {
    const std::int64_t begin = lengths[index].item<std::int64_t>();
    return x.narrow(0, begin, lengths[index + 1].item<std::int64_t>() - begin);
  }

  Tensor forward(const Tensor& statistics, const Statistics& place) const {
    const Tensor out = at::empty(q.sizes(), q.options());
    for (std::int64_t i = 0; i < num_sequences(); ++i) {
      const Sequence one = sequence(i);
      const Tensor scores = one.scores();
      const Tensor sums = at::logsumexp(scores, 2);
      place(statistics, i, lengths[i].item<std::int64_t>(), scores.size(1)).copy_(sums);
      part(out, i).copy_(at::matmul(at::exp(scores - sums.unsqueeze(2)), one.v).transpose(0, 1));
    }
    return out;
  }

  std::tuple<Tensor, Tensor, Tensor> backward(const Tensor& grad_out, const Tensor& out,
                                              const Tensor& statistics,
                                              const Statistics& place) const {
    const Tensor grad_q = at::zeros(q.sizes(), q.options());
    const Tensor grad_k = at::zeros(k.sizes(), k.options());
    const Tensor grad_v = at::zeros(v.sizes(), v.options());
    const std::int64_t heads = q.size(1);
    const auto of_groups = [&](const Tensor& x) {  // [heads, length, size] → [length, kv heads, …]
      return x.unflatten(0, {k.size(1), heads / k.size(1)}).sum(1).transpose(0, 1);
    };
    for (std::int64_t i = 0; i < num_sequences(); ++i) {
      const Sequence one = sequence(i);
      const Tensor scores = one.scores();
      const Tensor sums = place(statistics, i, lengths[i].item<std::int64_t>(), scores.size(1));
      const Tensor p = at::exp(scores - sums.to(at::kDouble).unsqueeze(2));
      const Tensor grad = rows(grad_out, lengths, i, heads);
      const Tensor mean = (grad * rows(out, lengths, i, heads)).sum(2, /*keepdim=*/true);
      const Tensor grad_scores = p * (at::matmul(grad, one.v.transpose(1, 2)) - mean) * scale;
      part(grad_q, i).copy_(at::matmul(grad_scores, one.k).transpose(0, 1));
      part(grad_k, i).copy_(of_groups(at::matmul(grad_scores.transpose(1, 2), one.q)));
      part(grad_v, i).copy_(of_groups(at::matmul(p.transpose(1, 2), grad)));
    }
    return {grad_q, grad_k, grad_v};
  }
};

void check_lengths(std::int64_t num_tokens, const Tensor& lengths, std::int64_t longest) {
  TORCH_CHECK(lengths.scalar_type() == at::kInt && lengths.dim() == 1 && lengths.is_contiguous());
  TORCH_CHECK(lengths[-1].item<std::int64_t>() == num_tokens);
  for (std::int64_t i = 0; i + 1 < lengths.size(0); ++i) {
    TORCH_CHECK((lengths[i + 1] - lengths[i]).item<std::int64_t>() <= longest);
  }
}

// Flash attention: [T, heads, size], log-sum-exp [heads, T].

Problem flash_problem(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& lengths,
                      std::int64_t longest, bool is_causal, double scale, OptionalSize left,
                      OptionalSize right) {
  for (const Tensor& x : {q, k, v}) {
    TORCH_CHECK(x.scalar_type() == at::kBFloat16, "only fp16 and bf16");
    TORCH_CHECK(x.dim() == 3 && x.stride(2) == 1 && x.size(2) == q.size(2));
    TORCH_CHECK(x.size(2) % 8 == 0 && x.size(2) <= kFlashHeadSize, "head size");
  }
  TORCH_CHECK(q.size(1) % k.size(1) == 0 && k.sizes() == v.sizes());
  TORCH_CHECK(longest > 1, "the way for decoding");
  TORCH_CHECK(is_causal && left.has_value() == right.has_value() && right.value_or(0) == 0);
  check_lengths(q.size(0), lengths, longest);
  return {q, k, v, lengths, scale, left ? *left + 1 : 0};
}

const Statistics kFlashStatistics = [](const Tensor& statistics, std::int64_t, std::int64_t begin,
                                       std::int64_t length) {
  return statistics.narrow(1, begin, length);
};

std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor> flash_forward(
    const Tensor& q, const Tensor& k, const Tensor& v, const OptionalTensor& lengths,
    const OptionalTensor& key_lengths, std::int64_t longest, std::int64_t longest_keys,
    double dropout, bool is_causal, bool return_mask, std::optional<double> scale,
    OptionalSize left, OptionalSize right, const OptionalTensor&, const OptionalTensor&,
    const OptionalTensor&, OptionalSize) {
  ++num_flash_calls;
  TORCH_CHECK(dropout == 0 && !return_mask && longest == longest_keys);
  TORCH_CHECK(lengths->equal(*key_lengths));
  const Problem problem = flash_problem(q, k, v, *lengths, longest, is_causal, *scale, left, right);
  const Tensor statistics = at::empty({q.size(1), q.size(0)}, q.options().dtype(at::kFloat));
  const Tensor out = problem.forward(statistics, kFlashStatistics);
  return {out, statistics, at::empty({2}, at::kLong), at::empty({}, at::kLong), at::empty({0})};
}

std::tuple<Tensor, Tensor, Tensor> flash_backward(
    const Tensor& grad_out, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
    const Tensor& statistics, const Tensor& lengths, const Tensor&, std::int64_t longest,
    std::int64_t, double dropout, bool is_causal, const Tensor& state, const Tensor&,
    std::optional<double> scale, OptionalSize left, OptionalSize right) {
  ++num_flash_calls;
  TORCH_CHECK(dropout == 0 && state.scalar_type() == at::kUInt64);
  TORCH_CHECK(grad_out.sizes() == q.sizes() && out.sizes() == q.sizes());
  TORCH_CHECK(grad_out.stride(2) == 1 && out.stride(2) == 1);
  TORCH_CHECK(statistics.is_contiguous() &&
              statistics.sizes() == at::IntArrayRef({q.size(1), q.size(0)}));
  return flash_problem(q, k, v, lengths, longest, is_causal, *scale, left, right)
      .backward(grad_out, out, statistics, kFlashStatistics);
}

// Memory-efficient attention: [1, T, heads, size], log-sum-exp [sequences, heads, longest].

Problem efficient_problem(const Tensor& q, const Tensor& k, const Tensor& v,
                          const OptionalTensor& bias, const Tensor& lengths, std::int64_t longest,
                          std::int64_t mask, double scale, OptionalSize window) {
  for (const Tensor& x : {q, k, v}) {
    TORCH_CHECK(x.scalar_type() == at::kFloat && x.dim() == 4 && x.stride(3) == 1);
    TORCH_CHECK(x.sizes() == q.sizes() && x.size(0) == 1, "as many heads of keys as of queries");
    TORCH_CHECK(x.size(3) % 4 == 0 && x.stride(1) % 4 == 0, "no kernel found to launch");
  }
  constexpr std::int64_t kCausalFromTopLeft = 1;
  TORCH_CHECK(!bias && mask == kCausalFromTopLeft && longest > 0 && longest <= q.size(1));
  check_lengths(q.size(1), lengths, longest);
  return {q[0], k[0], v[0], lengths, scale, window.value_or(0)};
}

const Statistics kEfficientStatistics = [](const Tensor& statistics, std::int64_t index,
                                           std::int64_t, std::int64_t length) {
  return statistics[index].narrow(1, 0, length);
};

Tensor efficient_statistics(const Problem& problem, std::int64_t longest) {
  const std::int64_t length =
      (longest + kStatisticsMultiple - 1) / kStatisticsMultiple * kStatisticsMultiple;
  return at::full({problem.num_sequences(), problem.q.size(1), length}, kInfinity,
                  problem.q.options().dtype(at::kFloat));
}

std::tuple<Tensor, Tensor, Tensor, Tensor, c10::SymInt, c10::SymInt> efficient_forward(
    const Tensor& q, const Tensor& k, const Tensor& v, const OptionalTensor& bias,
    const OptionalTensor& lengths, const OptionalTensor& key_lengths, OptionalSize longest,
    OptionalSize longest_keys, double dropout, std::int64_t mask, bool compute_statistics,
    std::optional<double> scale, const OptionalTensor& key_length, OptionalSize window) {
  ++num_efficient_calls;
  TORCH_CHECK(dropout == 0 && compute_statistics && !key_length && *longest == *longest_keys);
  TORCH_CHECK(lengths->equal(*key_lengths));
  const Problem problem =
      efficient_problem(q, k, v, bias, *lengths, *longest, mask, *scale, window);
  const Tensor statistics = efficient_statistics(problem, *longest);
  const Tensor out = problem.forward(statistics, kEfficientStatistics).unsqueeze(0);
  return {out, statistics, at::empty({}, at::kLong), at::empty({}, at::kLong), *longest, *longest};
}

std::tuple<Tensor, Tensor, Tensor, Tensor> efficient_backward(
    const Tensor& grad_out, const Tensor& q, const Tensor& k, const Tensor& v,
    const OptionalTensor& bias, const Tensor& out, const OptionalTensor& lengths,
    const OptionalTensor&, std::int64_t longest, std::int64_t, const Tensor& statistics,
    double dropout, const Tensor&, const Tensor&, std::int64_t mask, bool bias_gradient,
    std::optional<double> scale, OptionalSize splits, OptionalSize window, bool) {
  ++num_efficient_calls;
  TORCH_CHECK(dropout == 0 && !bias_gradient && splits == 1, "several splits: no fixed order");
  TORCH_CHECK(grad_out.sizes() == q.sizes() && out.sizes() == q.sizes());
  TORCH_CHECK(out.is_contiguous(), "its rows are taken to be side by side");
  const Problem problem = efficient_problem(q, k, v, bias, *lengths, longest, mask, *scale, window);
  const Tensor padding = efficient_statistics(problem, longest);
  TORCH_CHECK(statistics.sizes() == padding.sizes() && statistics.is_contiguous());
  for (std::int64_t i = 0; i < problem.num_sequences(); ++i) {
    const std::int64_t length = problem.part(problem.q, i).size(0);
    const std::int64_t rest = padding.size(2) - length;
    TORCH_CHECK(statistics[i].narrow(1, length, rest).equal(padding[i].narrow(1, length, rest)));
  }
  const auto [grad_q, grad_k, grad_v] =
      problem.backward(grad_out[0], out[0], statistics, kEfficientStatistics);
  return {grad_q.unsqueeze(0), grad_k.unsqueeze(0), grad_v.unsqueeze(0), Tensor()};
}

TORCH_LIBRARY_IMPL(aten, CPU, library) {
  library.impl("_flash_attention_forward", flash_forward);
  library.impl("_flash_attention_backward", flash_backward);
  library.impl("_efficient_attention_forward", efficient_forward);
  library.impl("_efficient_attention_backward", efficient_backward);
}

}  // namespace

int GpuAttention::flash_calls() {
  return num_flash_calls;
}

int GpuAttention::efficient_calls() {
  return num_efficient_calls;
}

}  // namespace temper::testing
