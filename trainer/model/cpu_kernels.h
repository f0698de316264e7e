#pragma once

#include "trainer/model/kernels.h"
#include "trainer/model/part_runner.h"

namespace temper::model {

class CpuKernels final : public Kernels {
 public:
  explicit CpuKernels(PartRunner* runner) : runner_(runner) {}

  void linear(ConstMatrix x, ConstMatrix weight, const float* bias, Matrix y,
              Accumulate accumulate) const override;
  void multiply_transposed(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                           float alpha) const override;
  void multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                float alpha) const override;
  void transposed_multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                           float alpha) const override;
  void rms_norm(ConstMatrix x, const float* weight, float epsilon, Matrix out,
                float* inverse_rms) const override;
  void rms_norm_backward(ConstMatrix grad_out, ConstMatrix x, const float* weight,
                         const float* inverse_rms, Matrix grad_x,
                         float* grad_weight) const override;
  void rotate(Matrix x, SequenceOffsets offsets, std::int64_t head_size, const float* cosine,
              const float* sine, float direction) const override;
  void swiglu(ConstMatrix gate_up, Matrix out) const override;
  void swiglu_backward(ConstMatrix grad_out, Matrix gate_up) const override;
  void attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, HeadLayout heads,
                 SequenceOffsets offsets, Matrix out, float* log_sum_exp) const override;
  void attention_backward(ConstMatrix grad_out, ConstMatrix q, ConstMatrix k, ConstMatrix v,
                          ConstMatrix out, const float* log_sum_exp, HeadLayout heads,
                          SequenceOffsets offsets, AttentionGradients gradients) const override;
  double cross_entropy(Matrix logits, std::span<const std::int32_t> targets, const LossTerms& terms,
                       bool keep_logits) const override;
  void add(ConstMatrix x, Matrix y) const override;
  void add_column_sums(ConstMatrix x, float* sums) const override;
  void dropout(ConstMatrix x, const DropoutKey& key, Matrix out,
               Accumulate accumulate) const override;
  void gather_rows(ConstMatrix table, std::span<const std::int32_t> ids, Matrix out) const override;
  void scatter_add_rows(ConstMatrix rows, std::span<const std::int32_t> ids,
                        Matrix table) const override;

 private:
  PartRunner* runner_;  // nullptr: nobody helps
};

}  // namespace temper::model
