// The gradient of y = x·Wᵀ + s·(x·Aᵀ)·Bᵀ, with u = x·Aᵀ kept from the forward pass and du = s·dy·B:
//   dB = s·dyᵀ·u,  dA = duᵀ·x,  dx = dy·W + du·A,  dW = dyᵀ·x (only where W is trained).
// Without dropout the A of all modules of a group are one matrix: one product forward, two
// backward.

#include "trainer/model/linear.h"

namespace temper::model {

ConstMatrix Linear::weight(const Trained& trained) const {
  return weight_offset ? matrix(trained.parameters + *weight_offset, output_size, input_size)
                       : frozen_weight;
}

DropoutKey Linear::dropout_key(const SlotKey& key, const LoraModule& module) const {
  return {{key.seed, RandomPurpose::kDropout},
          mix_keys({key.step, key.slot, module.module_key}),
          lora.dropout};
}

void Linear::forward(const Kernels& kernels, const Trained& trained, const SlotKey& key,
                     ConstMatrix x, Matrix y, Accumulate accumulate, FloatBuffer& lora_inner,
                     FloatBuffer& scratch) const {
  kernels.multiply_transposed(x, weight(trained), y, accumulate);
  const float* bias = bias_offset ? trained.parameters + *bias_offset : frozen_bias;
  if (bias != nullptr) {
    kernels.add_bias(bias, y);
  }
  if (lora.modules.empty()) {
    return;
  }
  lora_inner.reserve(kernels.memory(), static_cast<std::size_t>(x.rows * lora.total_rank));
  const Matrix inner = matrix(lora_inner.data(), x.rows, lora.total_rank);
  const ConstMatrix a = matrix(trained.parameters + lora.a_offset, lora.total_rank, input_size);
  const bool drops = lora.dropout > 0 && trained.gradient != nullptr;
  if (!drops) {
    kernels.multiply_transposed(x, a, inner, Accumulate::kNo);
  }
  for (const LoraModule& module : lora.modules) {
    const Matrix module_inner = inner.columns_from(module.rank_begin, module.rank);
    if (drops) {
      scratch.reserve(kernels.memory(), static_cast<std::size_t>(x.rows * input_size));
      const Matrix dropped = matrix(scratch.data(), x.rows, input_size);
      kernels.dropout(x, dropout_key(key, module), dropped, Accumulate::kNo);
      kernels.multiply_transposed(dropped, a.rows_from(module.rank_begin, module.rank),
                                  module_inner, Accumulate::kNo);
    }
    kernels.multiply_transposed(
        module_inner, matrix(trained.parameters + module.b_offset, module.output_size, module.rank),
        y.columns_from(module.output_begin, module.output_size), Accumulate::kYes, module.scaling);
  }
}

void Linear::backward(const Kernels& kernels, const Trained& trained, const SlotKey& key,
                      ConstMatrix grad_y, ConstMatrix x, const FloatBuffer& lora_inner,
                      Matrix grad_x, FloatBuffer& scratch) const {
  if (weight_offset) {
    kernels.transposed_multiply(
        grad_y, x, matrix(trained.gradient + *weight_offset, output_size, input_size), gradients);
  }
  if (bias_offset) {
    kernels.add_column_sums(grad_y, trained.gradient + *bias_offset);
  }
  if (!grad_x.empty()) {
    kernels.multiply(grad_y, weight(trained), grad_x, Accumulate::kNo);
  }
  if (!lora.modules.empty()) {
    lora_backward(kernels, trained, key, grad_y, x, lora_inner, grad_x, scratch);
  }
}

void Linear::lora_backward(const Kernels& kernels, const Trained& trained, const SlotKey& key,
                           ConstMatrix grad_y, ConstMatrix x, const FloatBuffer& lora_inner,
                           Matrix grad_x, FloatBuffer& scratch) const {
  const auto inner_size = align_floats(static_cast<std::size_t>(x.rows * lora.total_rank));
  scratch.reserve(kernels.memory(),
                  inner_size + align_floats(static_cast<std::size_t>(x.rows * input_size)));
  const Matrix grad_inner = matrix(scratch.data(), x.rows, lora.total_rank);
  const ConstMatrix inner = matrix(lora_inner.data(), x.rows, lora.total_rank);
  const ConstMatrix a = matrix(trained.parameters + lora.a_offset, lora.total_rank, input_size);
  const Matrix grad_a = matrix(trained.gradient + lora.a_offset, lora.total_rank, input_size);
  for (const LoraModule& module : lora.modules) {
    const ConstMatrix grad = grad_y.columns_from(module.output_begin, module.output_size);
    const ConstMatrix b =
        matrix(trained.parameters + module.b_offset, module.output_size, module.rank);
    kernels.multiply(grad, b, grad_inner.columns_from(module.rank_begin, module.rank),
                     Accumulate::kNo, module.scaling);
    kernels.transposed_multiply(
        grad, inner.columns_from(module.rank_begin, module.rank),
        matrix(trained.gradient + module.b_offset, module.output_size, module.rank), gradients,
        module.scaling);
  }
  if (lora.dropout == 0) {
    kernels.transposed_multiply(grad_inner, x, grad_a, gradients);
    if (!grad_x.empty()) {
      kernels.multiply(grad_inner, a, grad_x, Accumulate::kYes);
    }
    return;
  }
  const Matrix dropped = matrix(scratch.data() + inner_size, x.rows, input_size);
  for (const LoraModule& module : lora.modules) {
    const ConstMatrix module_grad = grad_inner.columns_from(module.rank_begin, module.rank);
    kernels.dropout(x, dropout_key(key, module), dropped, Accumulate::kNo);
    kernels.transposed_multiply(module_grad, dropped,
                                grad_a.rows_from(module.rank_begin, module.rank), gradients);
    if (!grad_x.empty()) {
      kernels.multiply(module_grad, a.rows_from(module.rank_begin, module.rank), dropped,
                       Accumulate::kNo);
      kernels.dropout(dropped, dropout_key(key, module), grad_x, Accumulate::kYes);
    }
  }
}

}  // namespace temper::model
