// The gradient of y = x·Wᵀ + s·(x·Aᵀ)·Bᵀ, with u = x·Aᵀ kept from the forward pass and du = s·dy·B:
//   dB = s·dyᵀ·u,  dA = duᵀ·x,  dx = dy·W + du·A,  dW = dyᵀ·x (only where W is trained).
// Without dropout the A of all modules of a group are one matrix: one product forward, two
// backward (in bf16 one more a module).

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
  const float* bias = bias_offset ? trained.parameters + *bias_offset : frozen_bias;
  kernels.linear(x, weight(trained), bias, y, accumulate);
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

/// What stays the same through one backward call.
struct Linear::BackwardCall {
  const Linear& linear;
  const Kernels& kernels;
  const Trained& trained;
  const SlotKey& key;
  ConstMatrix grad_y;
  Matrix grad_inner;  // du [T, total rank]
  Matrix dropped;     // [T, input], used under dropout

  ConstMatrix lora_a() const {
    return matrix(trained.parameters + linear.lora.a_offset, linear.lora.total_rank,
                  linear.input_size);
  }
  Matrix grad_of(const LoraModule& module) const {
    return grad_inner.columns_from(module.rank_begin, module.rank);
  }
  void lora_gradients(ConstMatrix x, const FloatBuffer& lora_inner) const;
  void input_gradient(Matrix grad_x) const;
  void input_gradient_by_module(Matrix grad_x) const;
  void add_lora_input_gradient(const LoraModule& module, Matrix grad_x,
                               Accumulate accumulate) const;
};

void Linear::backward(const Kernels& kernels, const Trained& trained, const SlotKey& key,
                      ConstMatrix grad_y, ConstMatrix x, const FloatBuffer& lora_inner,
                      Matrix grad_x, FloatBuffer& scratch) const {
  BackwardCall call{*this, kernels, trained, key, grad_y, {}, {}};
  if (weight_offset) {
    kernels.transposed_multiply(
        grad_y, x, matrix(trained.gradient + *weight_offset, output_size, input_size), gradients);
  }
  if (bias_offset) {
    kernels.add_column_sums(grad_y, trained.gradient + *bias_offset);
  }
  if (!lora.modules.empty()) {
    const auto inner_size = align_floats(static_cast<std::size_t>(x.rows * lora.total_rank));
    const auto dropped_size =
        lora.dropout == 0 ? 0 : align_floats(static_cast<std::size_t>(x.rows * input_size));
    scratch.reserve(kernels.memory(), inner_size + dropped_size);
    call.grad_inner = matrix(scratch.data(), x.rows, lora.total_rank);
    call.dropped = matrix(scratch.data() + inner_size, x.rows, input_size);
    call.lora_gradients(x, lora_inner);
  }
  if (!grad_x.empty()) {
    kernels.placement().bf16 ? call.input_gradient_by_module(grad_x) : call.input_gradient(grad_x);
  }
}

void Linear::BackwardCall::lora_gradients(ConstMatrix x, const FloatBuffer& lora_inner) const {
  const LoraGroup& group = linear.lora;
  const ConstMatrix inner = matrix(lora_inner.data(), x.rows, group.total_rank);
  for (const LoraModule& module : group.modules) {
    const ConstMatrix grad = grad_y.columns_from(module.output_begin, module.output_size);
    const ConstMatrix b =
        matrix(trained.parameters + module.b_offset, module.output_size, module.rank);
    kernels.multiply(grad, b, grad_of(module), Accumulate::kNo, module.scaling);
    kernels.transposed_multiply(
        grad, inner.columns_from(module.rank_begin, module.rank),
        matrix(trained.gradient + module.b_offset, module.output_size, module.rank),
        linear.gradients, module.scaling);
  }
  const Matrix grad_a =
      matrix(trained.gradient + group.a_offset, group.total_rank, linear.input_size);
  if (group.dropout == 0) {
    kernels.transposed_multiply(grad_inner, x, grad_a, linear.gradients);
    return;
  }
  for (const LoraModule& module : group.modules) {
    kernels.dropout(x, linear.dropout_key(key, module), dropped, Accumulate::kNo);
    kernels.transposed_multiply(grad_of(module), dropped,
                                grad_a.rows_from(module.rank_begin, module.rank), linear.gradients);
  }
}

void Linear::BackwardCall::input_gradient(Matrix grad_x) const {
  kernels.multiply(grad_y, linear.weight(trained), grad_x, Accumulate::kNo);
  if (linear.lora.modules.empty()) {
    return;
  }
  if (linear.lora.dropout == 0) {
    kernels.multiply(grad_inner, lora_a(), grad_x, Accumulate::kYes);
    return;
  }
  for (const LoraModule& module : linear.lora.modules) {
    add_lora_input_gradient(module, grad_x, Accumulate::kYes);
  }
}

/// In bf16 autograd rounds what each module gives, and LoRA's part apart from the weight's, and
/// adds the last module's first. The same here, so that the sum is the same.
void Linear::BackwardCall::input_gradient_by_module(Matrix grad_x) const {
  Accumulate accumulate = Accumulate::kNo;
  for (std::size_t i = linear.modules.size(); i-- > 0;) {
    const OutputRange range = linear.modules[i];
    for (const LoraModule& module : linear.lora.modules) {
      if (module.output_begin == range.begin) {
        add_lora_input_gradient(module, grad_x, accumulate);
        accumulate = Accumulate::kYes;
      }
    }
    kernels.multiply(grad_y.columns_from(range.begin, range.size),
                     linear.weight(trained).rows_from(range.begin, range.size), grad_x, accumulate);
    accumulate = Accumulate::kYes;
  }
}

/// grad_x (+)= du · A, under the mask of dropout.
void Linear::BackwardCall::add_lora_input_gradient(const LoraModule& module, Matrix grad_x,
                                                   Accumulate accumulate) const {
  const ConstMatrix a = lora_a().rows_from(module.rank_begin, module.rank);
  if (linear.lora.dropout == 0) {
    kernels.multiply(grad_of(module), a, grad_x, accumulate);
    return;
  }
  kernels.multiply(grad_of(module), a, dropped, Accumulate::kNo);
  kernels.dropout(dropped, linear.dropout_key(key, module), grad_x, accumulate);
}

}  // namespace temper::model
