#include "tests/trainer/model/far_kernels.h"

#include "core/base/check.h"

namespace temper::testing {

using model::Accumulate;
using model::ConstMatrix;
using model::HeadLayout;
using model::Matrix;
using model::SequenceOffsets;

FarKernels::FarKernels(FarMemory& memory, model::Numbers numbers, model::AttentionMethod attention)
    : memory_(memory),
      kernels_(model::make_aten_kernels(
          {.memory = &memory, .numbers = numbers, .attention = attention})) {}

void FarKernels::expect_far(ConstMatrix matrix) const {
  if (matrix.rows == 0 || matrix.columns == 0) {
    return;
  }
  const auto size = static_cast<std::size_t>((matrix.rows - 1) * matrix.stride + matrix.columns);
  CHECK(matrix.bf16 != nullptr ? memory_.holds(matrix.bf16, size * sizeof(*matrix.bf16))
                               : memory_.holds(matrix.data, size * sizeof(float)),
        "a matrix of {} x {} is not on the device", matrix.rows, matrix.columns);
}

ConstMatrix FarKernels::row(const float* values, std::int64_t size) const {
  return values == nullptr ? ConstMatrix{} : model::matrix(values, 1, size);
}

template <class... AnyMatrix>
FarMemory::Access FarKernels::access(const AnyMatrix&... matrices) const {
  (expect_far(matrices), ...);
  return FarMemory::Access(memory_);
}

void FarKernels::linear(ConstMatrix x, ConstMatrix weight, const float* bias, Matrix y,
                        Accumulate accumulate) const {
  const auto open = access(x, weight, row(bias, y.columns), y);
  kernels_->linear(x, weight, bias, y, accumulate);
}

void FarKernels::multiply_transposed(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                                     float alpha) const {
  const auto open = access(a, b, c);
  kernels_->multiply_transposed(a, b, c, accumulate, alpha);
}

void FarKernels::multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                          float alpha) const {
  const auto open = access(a, b, c);
  kernels_->multiply(a, b, c, accumulate, alpha);
}

void FarKernels::transposed_multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                                     float alpha) const {
  const auto open = access(a, b, c);
  kernels_->transposed_multiply(a, b, c, accumulate, alpha);
}

void FarKernels::rms_norm(ConstMatrix x, const float* weight, float epsilon, Matrix out,
                          float* inverse_rms) const {
  const auto open = access(x, row(weight, x.columns), out, row(inverse_rms, x.rows));
  kernels_->rms_norm(x, weight, epsilon, out, inverse_rms);
}

void FarKernels::rms_norm_backward(ConstMatrix grad_out, ConstMatrix x, const float* weight,
                                   const float* inverse_rms, Matrix grad_x,
                                   float* grad_weight) const {
  const auto open = access(grad_out, x, row(weight, x.columns), row(inverse_rms, x.rows), grad_x,
                           row(grad_weight, x.columns));
  kernels_->rms_norm_backward(grad_out, x, weight, inverse_rms, grad_x, grad_weight);
}

void FarKernels::rotate(Matrix x, SequenceOffsets offsets, std::int64_t head_size,
                        const float* cosine, const float* sine, float direction) const {
  const auto open = access(x, row(cosine, head_size / 2), row(sine, head_size / 2));
  kernels_->rotate(x, offsets, head_size, cosine, sine, direction);
}

void FarKernels::swiglu(ConstMatrix gate_up, Matrix out) const {
  const auto open = access(gate_up, out);
  kernels_->swiglu(gate_up, out);
}

void FarKernels::swiglu_backward(ConstMatrix grad_out, Matrix gate_up) const {
  const auto open = access(grad_out, gate_up);
  kernels_->swiglu_backward(grad_out, gate_up);
}

void FarKernels::attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, HeadLayout heads,
                           SequenceOffsets offsets, Matrix out, float* log_sum_exp) const {
  const auto open = access(q, k, v, out, row(log_sum_exp, q.rows * heads.num_heads));
  kernels_->attention(q, k, v, heads, offsets, out, log_sum_exp);
}

void FarKernels::attention_backward(ConstMatrix grad_out, ConstMatrix q, ConstMatrix k,
                                    ConstMatrix v, ConstMatrix out, const float* log_sum_exp,
                                    HeadLayout heads, SequenceOffsets offsets,
                                    AttentionGradients gradients) const {
  const auto open = access(grad_out, q, k, v, out, row(log_sum_exp, q.rows * heads.num_heads),
                           gradients.q, gradients.k, gradients.v);
  kernels_->attention_backward(grad_out, q, k, v, out, log_sum_exp, heads, offsets, gradients);
}

double FarKernels::cross_entropy(Matrix logits, std::span<const std::int32_t> targets,
                                 const model::LossTerms& terms, bool keep_logits) const {
  const auto open = access(logits);
  return kernels_->cross_entropy(logits, targets, terms, keep_logits);
}

void FarKernels::add(ConstMatrix x, Matrix y) const {
  const auto open = access(x, y);
  kernels_->add(x, y);
}

void FarKernels::add_column_sums(ConstMatrix x, float* sums) const {
  const auto open = access(x, row(sums, x.columns));
  kernels_->add_column_sums(x, sums);
}

void FarKernels::dropout(ConstMatrix x, const model::DropoutKey& key, Matrix out,
                         Accumulate accumulate) const {
  const auto open = access(x, out);
  kernels_->dropout(x, key, out, accumulate);
}

void FarKernels::gather_rows(ConstMatrix table, std::span<const std::int32_t> ids,
                             Matrix out) const {
  const auto open = access(table, out);
  kernels_->gather_rows(table, ids, out);
}

void FarKernels::scatter_add_rows(ConstMatrix rows, std::span<const std::int32_t> ids,
                                  Matrix table) const {
  const auto open = access(rows, table);
  kernels_->scatter_add_rows(rows, ids, table);
}

}  // namespace temper::testing
