#pragma once

#include <chrono>
#include <map>
#include <string>

#include "trainer/model/kernels.h"

namespace temper::bench {

/// Passes every call on and counts its calls, seconds and arithmetic by kind and shape. For one
/// thread.
class TimedKernels final : public model::Kernels {
 public:
  struct Entry {
    std::int64_t calls = 0;
    double seconds = 0;
    double flops = 0;  ///< of matrix products
  };

  explicit TimedKernels(const model::Kernels& kernels) : kernels_(kernels) {}

  const std::map<std::string, Entry>& entries() const { return entries_; }

  void linear(model::ConstMatrix x, model::ConstMatrix weight, const float* bias, model::Matrix y,
              model::Accumulate accumulate) const override;
  void multiply_transposed(model::ConstMatrix a, model::ConstMatrix b, model::Matrix c,
                           model::Accumulate accumulate, float alpha) const override;
  void multiply(model::ConstMatrix a, model::ConstMatrix b, model::Matrix c,
                model::Accumulate accumulate, float alpha) const override;
  void transposed_multiply(model::ConstMatrix a, model::ConstMatrix b, model::Matrix c,
                           model::Accumulate accumulate, float alpha) const override;
  void rms_norm(model::ConstMatrix x, const float* weight, float epsilon, model::Matrix out,
                float* inverse_rms) const override;
  void rms_norm_backward(model::ConstMatrix grad_out, model::ConstMatrix x, const float* weight,
                         const float* inverse_rms, model::Matrix grad_x,
                         float* grad_weight) const override;
  void rotate(model::Matrix x, model::SequenceOffsets offsets, std::int64_t head_size,
              const float* cosine, const float* sine, float direction) const override;
  void swiglu(model::ConstMatrix gate_up, model::Matrix out) const override;
  void swiglu_backward(model::ConstMatrix grad_out, model::Matrix gate_up) const override;
  void attention(model::ConstMatrix q, model::ConstMatrix k, model::ConstMatrix v,
                 model::HeadLayout heads, model::SequenceOffsets offsets, model::Matrix out,
                 float* log_sum_exp) const override;
  void attention_backward(model::ConstMatrix grad_out, model::ConstMatrix q, model::ConstMatrix k,
                          model::ConstMatrix v, model::ConstMatrix out, const float* log_sum_exp,
                          model::HeadLayout heads, model::SequenceOffsets offsets,
                          AttentionGradients gradients) const override;
  double cross_entropy(model::Matrix logits, std::span<const std::int32_t> targets,
                       const model::LossTerms& terms, bool keep_logits) const override;
  void add(model::ConstMatrix x, model::Matrix y) const override;
  void add_column_sums(model::ConstMatrix x, float* sums) const override;
  void dropout(model::ConstMatrix x, const model::DropoutKey& key, model::Matrix out,
               model::Accumulate accumulate) const override;
  void gather_rows(model::ConstMatrix table, std::span<const std::int32_t> ids,
                   model::Matrix out) const override;
  void scatter_add_rows(model::ConstMatrix rows, std::span<const std::int32_t> ids,
                        model::Matrix table) const override;

 private:
  template <class Call>
  auto timed(const std::string& name, double flops, Call call) const;

  const model::Kernels& kernels_;
  mutable std::map<std::string, Entry> entries_;
};

}  // namespace temper::bench
