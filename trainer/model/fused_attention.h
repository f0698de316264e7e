#pragma once

#include "trainer/model/aten_kernels.h"

/// Attention by the variable-length kernels that LibTorch brings for GPUs: flash attention (Dao
/// 2023) in bf16, memory-efficient attention (Rabe and Staats 2021, of xFormers) in fp32. Neither
/// ever holds a matrix of scores. Here is only what their operators want to be told otherwise than
/// Kernels does: heads as a dimension, lengths on the device, sizes of heads, groups of heads, the
/// shape of log-sum-exp.
namespace temper::model {

/// What computes attention fastest on a GPU of this compute capability.
AttentionMethod attention_method(Numbers numbers, int major);

/// Whether settings.attention takes such heads; else they are left to the composition.
bool fuses_attention(const AtenSettings& settings, HeadLayout heads);

/// As Kernels::attention(), by settings.attention, which takes these heads.
void fused_attention(const AtenSettings& settings, ConstMatrix q, ConstMatrix k, ConstMatrix v,
                     HeadLayout heads, SequenceOffsets offsets, Matrix out, float* log_sum_exp);
void fused_attention_backward(const AtenSettings& settings, ConstMatrix grad_out, ConstMatrix q,
                              ConstMatrix k, ConstMatrix v, ConstMatrix out,
                              const float* log_sum_exp, HeadLayout heads, SequenceOffsets offsets,
                              Kernels::AttentionGradients gradients);

}  // namespace temper::model
