// Causal attention inside each sequence by LibTorch's flash kernel for CPUs (memory linear in the
// length). Query heads that share a key-value head become the kernel's head dimension with keys and
// values of stride 0, so they are never repeated in memory: [kv_heads, group, length, head_size].

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>

#include "trainer/model/cpu_kernels.h"

namespace temper::model {
namespace {

/// Rows [begin, begin + length) of a [T, kv_heads · group · size] matrix.
at::Tensor grouped_heads(ConstMatrix x, std::int64_t begin, std::int64_t length, HeadLayout heads) {
  const std::int64_t group = heads.num_heads / heads.num_kv_heads;
  return at::from_blob(const_cast<float*>(x.row(begin)),
                       {heads.num_kv_heads, group, length, heads.head_size},
                       {group * heads.head_size, heads.head_size, x.stride, 1});
}

/// Rows of a [T, kv_heads · size] matrix, each head seen by the whole group.
at::Tensor shared_heads(ConstMatrix x, std::int64_t begin, std::int64_t length, HeadLayout heads) {
  const std::int64_t group = heads.num_heads / heads.num_kv_heads;
  return at::from_blob(const_cast<float*>(x.row(begin)),
                       {heads.num_kv_heads, group, length, heads.head_size},
                       {heads.head_size, 0, x.stride, 1});
}

/// The kernel keeps log-sum-exp as [kv_heads, length, group] behind strides; ours is contiguous.
at::Tensor log_sum_exp_of(const float* log_sum_exp, std::int64_t begin, std::int64_t length,
                          HeadLayout heads) {
  const std::int64_t group = heads.num_heads / heads.num_kv_heads;
  return at::from_blob(const_cast<float*>(log_sum_exp + begin * heads.num_heads),
                       {heads.num_kv_heads, group, length}, {length * group, 1, group});
}

}  // namespace

void on_slot_worker_thread() {
  at::set_num_threads(1);
}

std::unique_ptr<Kernels> make_cpu_kernels() {
  return std::make_unique<CpuKernels>();
}

void CpuKernels::attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, HeadLayout heads,
                           SequenceOffsets offsets, Matrix out, float* log_sum_exp) const {
  const c10::InferenceMode no_autograd;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const std::int64_t begin = offsets[i];
    const std::int64_t length = offsets[i + 1] - begin;
    if (length == 0) {
      continue;
    }
    auto [result, lse] = at::_scaled_dot_product_flash_attention_for_cpu(
        grouped_heads(q, begin, length, heads), shared_heads(k, begin, length, heads),
        shared_heads(v, begin, length, heads), /*dropout_p=*/0.0, /*is_causal=*/true);
    grouped_heads(out, begin, length, heads).copy_(result);
    log_sum_exp_of(log_sum_exp, begin, length, heads).copy_(lse);
  }
}

void CpuKernels::attention_backward(ConstMatrix grad_out, ConstMatrix q, ConstMatrix k,
                                    ConstMatrix v, ConstMatrix out, const float* log_sum_exp,
                                    HeadLayout heads, SequenceOffsets offsets,
                                    AttentionGradients gradients) const {
  const c10::InferenceMode no_autograd;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const std::int64_t begin = offsets[i];
    const std::int64_t length = offsets[i + 1] - begin;
    if (length == 0) {
      continue;
    }
    auto [grad_q, grad_k, grad_v] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        grouped_heads(grad_out, begin, length, heads), grouped_heads(q, begin, length, heads),
        shared_heads(k, begin, length, heads), shared_heads(v, begin, length, heads),
        grouped_heads(out, begin, length, heads), log_sum_exp_of(log_sum_exp, begin, length, heads),
        /*dropout_p=*/0.0, /*is_causal=*/true);
    grouped_heads(gradients.q, begin, length, heads).copy_(grad_q);
    const HeadLayout one{heads.num_kv_heads, heads.num_kv_heads, heads.head_size};
    grouped_heads(gradients.k, begin, length, one).squeeze(1).copy_(grad_k.sum(1));
    grouped_heads(gradients.v, begin, length, one).squeeze(1).copy_(grad_v.sum(1));
  }
}

}  // namespace temper::model
