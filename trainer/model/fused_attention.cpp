#include "trainer/model/fused_attention.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/_efficient_attention_backward.h>
#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_flash_attention_backward.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "trainer/model/aten_views.h"

namespace temper::model {
namespace {

constexpr int kFlashMajor = 8;  // Ampere
constexpr std::int64_t kFlashHeadMultiple = 8;
constexpr std::int64_t kEfficientHeadMultiple = 4;  // tensor cores' operands in fp32
constexpr std::int64_t kEfficientStatisticsMultiple = 32;
constexpr std::int64_t kCausalFromTopLeft = 1;  // sdp::CustomMaskType

std::int64_t rounded_up(std::int64_t size, std::int64_t multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

/// What both families of kernels are told about a call.
class Call {
 public:
  Call(const AtenSettings& settings, HeadLayout heads, SequenceOffsets offsets)
      : settings_(settings),
        heads_(heads),
        offsets_(offsets),
        cumulative_lengths_(on_device(settings, offsets)) {
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      longest_ = std::max<std::int64_t>(longest_, offsets[i + 1] - offsets[i]);
    }
  }

  const AtenSettings& settings() const { return settings_; }
  HeadLayout heads() const { return heads_; }
  SequenceOffsets offsets() const { return offsets_; }
  const at::Tensor& cumulative_lengths() const { return cumulative_lengths_; }
  std::int64_t longest() const { return longest_; }
  std::int64_t group() const { return heads_.num_heads / heads_.num_kv_heads; }
  double scale() const { return 1.0 / std::sqrt(static_cast<double>(heads_.head_size)); }

  /// [T, heads, size] of a matrix [T, heads · size]; a view.
  template <class AnyMatrix>
  at::Tensor by_head(AnyMatrix x) const {
    return view(settings_, x).unflatten(1, {x.columns / heads_.head_size, heads_.head_size});
  }
  /// [T, heads]; a view.
  template <class Float>
  at::Tensor statistics(Float* log_sum_exp) const {
    return view(settings_, matrix(log_sum_exp, offsets_.back(), heads_.num_heads));
  }

 private:
  const AtenSettings& settings_;
  HeadLayout heads_;
  SequenceOffsets offsets_;
  at::Tensor cumulative_lengths_;  // 32-bit
  std::int64_t longest_ = 0;
};

/// Heads of other sizes than multiples of 8 get columns of zeros, which change no product; groups
/// of heads are the kernel's own. log-sum-exp is [heads, T]. With LibTorch's deterministic
/// algorithms on, each part of dq is summed by one block of threads, in its order.
class Flash {
 public:
  explicit Flash(const Call& call) : call_(call) {
    if (call.heads().window > 0) {
      left_ = call.heads().window - 1;
      right_ = 0;
    }
  }

  template <class AnyMatrix>
  at::Tensor padded(AnyMatrix x) const {
    const std::int64_t size = call_.heads().head_size;
    const std::int64_t missing = rounded_up(size, kFlashHeadMultiple) - size;
    const at::Tensor by_head = call_.by_head(x);
    return missing == 0 ? by_head : at::constant_pad_nd(by_head, {0, missing});
  }
  at::Tensor unpadded(const at::Tensor& x) const { return x.narrow(2, 0, call_.heads().head_size); }

  void forward(ConstMatrix q, ConstMatrix k, ConstMatrix v, Matrix out, float* log_sum_exp) const {
    const auto [result, statistics, state, unused, mask] = at::_flash_attention_forward(
        padded(q), padded(k), padded(v), call_.cumulative_lengths(), call_.cumulative_lengths(),
        longest(), longest(), /*dropout_p=*/0, /*is_causal=*/true, /*return_debug_mask=*/false,
        call_.scale(), left_, right_);
    call_.by_head(out).copy_(unpadded(result));
    call_.statistics(log_sum_exp).copy_(statistics.t());
  }

  void backward(ConstMatrix grad_out, ConstMatrix q, ConstMatrix k, ConstMatrix v, ConstMatrix out,
                const float* log_sum_exp, Kernels::AttentionGradients gradients) const {
    const at::Tensor queries = padded(q);
    const at::Tensor no_state = at::empty({2}, queries.options().dtype(at::kUInt64));
    const auto [grad_q, grad_k, grad_v] = at::_flash_attention_backward(
        padded(grad_out), queries, padded(k), padded(v), padded(out),
        call_.statistics(log_sum_exp).t().contiguous(), call_.cumulative_lengths(),
        call_.cumulative_lengths(), longest(), longest(), /*dropout_p=*/0, /*is_causal=*/true,
        no_state, no_state, call_.scale(), left_, right_);
    call_.by_head(gradients.q).copy_(unpadded(grad_q));
    call_.by_head(gradients.k).copy_(unpadded(grad_k));
    call_.by_head(gradients.v).copy_(unpadded(grad_v));
  }

 private:
  /// Told that no sequence has more than one token, the kernel would take another way, for
  /// decoding, with groups of heads as rows.
  std::int64_t longest() const { return std::max<std::int64_t>(call_.longest(), 2); }

  const Call& call_;
  std::optional<std::int64_t> left_, right_;  // keys that a query sees before and behind its own
};

/// Keys and values are repeated for each head of a group. log-sum-exp is [sequences, heads, longest
/// sequence], padded with infinities. One split of the keys: dq is summed in their order.
class Efficient {
 public:
  explicit Efficient(const Call& call) : call_(call) {
    if (call.heads().window > 0) {
      window_ = call.heads().window;
    }
  }

  void forward(ConstMatrix q, ConstMatrix k, ConstMatrix v, Matrix out, float* log_sum_exp) const {
    const auto [result, statistics, seed, offset, max_q, max_k] = at::_efficient_attention_forward(
        call_.by_head(q).unsqueeze(0), repeated(k), repeated(v), /*bias=*/std::nullopt,
        call_.cumulative_lengths(), call_.cumulative_lengths(), call_.longest(), call_.longest(),
        /*dropout_p=*/0, kCausalFromTopLeft, /*compute_log_sumexp=*/true, call_.scale(),
        /*seqlen_k=*/std::nullopt, window_);
    call_.by_head(out).copy_(result.squeeze(0));
    const at::Tensor rows = statistics.transpose(1, 2).flatten(0, 1);
    call_.statistics(log_sum_exp).copy_(rows.index_select(0, padded_rows()));
  }

  void backward(ConstMatrix grad_out, ConstMatrix q, ConstMatrix k, ConstMatrix v, ConstMatrix out,
                const float* log_sum_exp, Kernels::AttentionGradients gradients) const {
    const at::Tensor given = call_.statistics(log_sum_exp);
    const auto num_sequences = static_cast<std::int64_t>(call_.offsets().size()) - 1;
    const at::Tensor rows = at::full({num_sequences * padded_length(), given.size(1)},
                                     std::numeric_limits<double>::infinity(), given.options());
    rows.index_copy_(0, padded_rows(), given);
    const at::Tensor statistics =
        rows.unflatten(0, {num_sequences, padded_length()}).transpose(1, 2).contiguous();
    const at::Tensor no_state = at::empty({}, at::kLong);
    const auto [grad_q, grad_k, grad_v, grad_bias] = at::_efficient_attention_backward(
        call_.by_head(grad_out).unsqueeze(0), call_.by_head(q).unsqueeze(0), repeated(k),
        repeated(v), /*bias=*/std::nullopt, call_.by_head(out).contiguous().unsqueeze(0),
        call_.cumulative_lengths(), call_.cumulative_lengths(), call_.longest(), call_.longest(),
        statistics, /*dropout_p=*/0, no_state, no_state, kCausalFromTopLeft,
        /*bias_requires_grad=*/false, call_.scale(), /*num_splits_key=*/1, window_);
    call_.by_head(gradients.q).copy_(grad_q.squeeze(0));
    call_.by_head(gradients.k).copy_(summed(grad_k));
    call_.by_head(gradients.v).copy_(summed(grad_v));
  }

 private:
  /// [1, T, heads, size] of [T, kv heads · size].
  at::Tensor repeated(ConstMatrix x) const {
    return call_.by_head(x)
        .unsqueeze(2)
        .expand({x.rows, call_.heads().num_kv_heads, call_.group(), call_.heads().head_size})
        .flatten(1, 2)
        .unsqueeze(0);
  }
  /// [T, kv heads, size] of [1, T, heads, size].
  at::Tensor summed(const at::Tensor& x) const {
    return x.squeeze(0).unflatten(1, {call_.heads().num_kv_heads, call_.group()}).sum(2);
  }

  std::int64_t padded_length() const {
    return rounded_up(call_.longest(), kEfficientStatisticsMultiple);
  }
  /// Where each token stands among sequences of the padded length.
  at::Tensor padded_rows() const {
    std::vector<std::int32_t> rows;
    const SequenceOffsets offsets = call_.offsets();
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      const auto begin = static_cast<std::int32_t>(static_cast<std::int64_t>(i) * padded_length());
      for (std::int32_t t = 0; t < offsets[i + 1] - offsets[i]; ++t) {
        rows.push_back(begin + t);
      }
    }
    return indices(call_.settings(), rows);
  }

  const Call& call_;
  std::optional<std::int64_t> window_;
};

}  // namespace

AttentionMethod attention_method(Numbers numbers, int major) {
  if (numbers != Numbers::kBFloat16) {
    return AttentionMethod::kEfficient;
  }
  return major >= kFlashMajor ? AttentionMethod::kFlash : AttentionMethod::kComposed;
}

bool fuses_attention(const AtenSettings& settings, HeadLayout heads) {
  const std::int64_t padded = rounded_up(heads.head_size, kFlashHeadMultiple);
  switch (settings.attention) {
    case AttentionMethod::kComposed:
      return false;
    case AttentionMethod::kFlash:  // 193 to 224 have no backward pass on Ada (ATen's sdp_utils.cpp)
      return padded <= 192 || (padded > 224 && padded <= 256);
    case AttentionMethod::kEfficient:
      return heads.head_size % kEfficientHeadMultiple == 0;
  }
  return false;
}

void fused_attention(const AtenSettings& settings, ConstMatrix q, ConstMatrix k, ConstMatrix v,
                     HeadLayout heads, SequenceOffsets offsets, Matrix out, float* log_sum_exp) {
  const Call call(settings, heads, offsets);
  settings.attention == AttentionMethod::kFlash
      ? Flash(call).forward(q, k, v, out, log_sum_exp)
      : Efficient(call).forward(q, k, v, out, log_sum_exp);
}

void fused_attention_backward(const AtenSettings& settings, ConstMatrix grad_out, ConstMatrix q,
                              ConstMatrix k, ConstMatrix v, ConstMatrix out,
                              const float* log_sum_exp, HeadLayout heads, SequenceOffsets offsets,
                              Kernels::AttentionGradients gradients) {
  const Call call(settings, heads, offsets);
  settings.attention == AttentionMethod::kFlash
      ? Flash(call).backward(grad_out, q, k, v, out, log_sum_exp, gradients)
      : Efficient(call).backward(grad_out, q, k, v, out, log_sum_exp, gradients);
}

}  // namespace temper::model
