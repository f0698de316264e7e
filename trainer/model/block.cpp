#include "trainer/model/block.h"

#include "trainer/model/activations.h"

namespace temper::model {

/// What stays the same through one forward or backward call.
struct Block::Call {
  const Kernels& kernels;
  const ModelConfig& config;
  const RopeTable& rope;
  const Trained& trained;
  const SlotKey& key;
  SequenceOffsets offsets;
  std::int64_t num_tokens;

  HeadLayout heads() const {
    return {config.num_heads, config.num_kv_heads, config.head_size,
            config.sliding_window.value_or(0)};
  }
  float* statistics(FloatBuffer& buffer, std::int64_t size) const {
    buffer.reserve(kernels.memory(), static_cast<std::size_t>(size));
    return buffer.data();
  }
  /// [T, columns]
  Matrix shaped(FloatBuffer& buffer, std::int64_t columns) const {
    return activations_in(buffer, kernels, num_tokens, columns);
  }
  /// An activation's place: its own buffer if it is kept, else one that all layers share.
  Matrix shaped(bool kept, FloatBuffer& own, FloatBuffer& shared, std::int64_t columns) const {
    return shaped(kept ? own : shared, columns);
  }
  std::int64_t query_size() const { return config.num_heads * config.head_size; }
  std::int64_t key_size() const { return config.num_kv_heads * config.head_size; }
  float epsilon() const { return static_cast<float>(config.rms_norm_epsilon); }

  /// y = residual + linear(x). In bf16 what is added is rounded first, as in Transformers.
  void add_linear(const Linear& linear, ConstMatrix x, ConstMatrix residual, Matrix y,
                  FloatBuffer& lora_inner, FloatBuffer& scratch) const {
    if (kernels.placement().bf16) {
      linear.forward(kernels, trained, key, x, y, Accumulate::kNo, lora_inner, scratch);
      kernels.add(residual, y);
    } else {
      copy(kernels, residual, y);
      linear.forward(kernels, trained, key, x, y, Accumulate::kYes, lora_inner, scratch);
    }
  }

  void rotate(Matrix qkv, float direction) const {
    kernels.rotate(qkv.columns_from(0, query_size() + key_size()), offsets, config.head_size,
                   rope.cosine(), rope.sine(), direction);
  }
};

bool Block::is_trained() const {
  return qkv.is_trained() || output.is_trained() || gate_up.is_trained() || down.is_trained() ||
         attention_norm.offset.has_value() || mlp_norm.offset.has_value();
}

void Block::forward(const Kernels& kernels, const ModelConfig& config, const RopeTable& rope,
                    const Trained& trained, const SlotKey& key, SequenceOffsets offsets,
                    BlockActivations& activations, BlockScratch& scratch, Matrix y) const {
  const std::int64_t num_tokens = offsets.back();
  const Call call{kernels, config, rope, trained, key, offsets, num_tokens};
  const std::int64_t q = call.query_size();
  const std::int64_t kv = call.key_size();
  const ConstMatrix input = call.shaped(activations.input, config.hidden_size);
  const KeptActivations kept = activations.kept;
  const Matrix normed =
      call.shaped(kept.cheap, activations.attention_normed, scratch.normed, config.hidden_size);

  kernels.rms_norm(input, attention_norm.values(trained), call.epsilon(), normed,
                   call.statistics(activations.attention_inverse_rms, num_tokens));
  const Matrix all = call.shaped(activations.qkv, q + 2 * kv);
  qkv.forward(kernels, trained, key, normed, all, Accumulate::kNo, activations.lora_qkv,
              scratch.linear);
  call.rotate(all, 1);
  const Matrix attended = call.shaped(activations.attention_out, q);
  kernels.attention(all.columns_from(0, q), all.columns_from(q, kv), all.columns_from(q + kv, kv),
                    call.heads(), offsets, attended,
                    call.statistics(activations.log_sum_exp, num_tokens * config.num_heads));
  const Matrix middle = call.shaped(activations.middle, config.hidden_size);
  call.add_linear(output, attended, input, middle, activations.lora_output, scratch.linear);

  const Matrix both = compute_gate_up(call, activations, scratch);
  const Matrix hidden =
      call.shaped(kept.cheap, activations.hidden, scratch.hidden, config.intermediate_size);
  kernels.swiglu(both, hidden);
  call.add_linear(down, hidden, middle, y, activations.lora_down, scratch.linear);
}

Matrix Block::compute_gate_up(const Call& call, BlockActivations& activations,
                              BlockScratch& scratch) const {
  const std::int64_t hidden_size = call.config.hidden_size;
  const KeptActivations kept = activations.kept;
  const ConstMatrix middle = call.shaped(activations.middle, hidden_size);
  const Matrix normed =
      call.shaped(kept.cheap, activations.mlp_normed, scratch.normed, hidden_size);
  call.kernels.rms_norm(middle, mlp_norm.values(call.trained), call.epsilon(), normed,
                        call.statistics(activations.mlp_inverse_rms, call.num_tokens));
  const Matrix both = call.shaped(kept.gate_up, activations.gate_up, scratch.gate_up,
                                  2 * call.config.intermediate_size);
  gate_up.forward(call.kernels, call.trained, call.key, normed, both, Accumulate::kNo,
                  activations.lora_gate_up, scratch.linear);
  return both;
}

void Block::backward(const Kernels& kernels, const ModelConfig& config, const RopeTable& rope,
                     const Trained& trained, const SlotKey& key, SequenceOffsets offsets,
                     BlockActivations& activations, BlockScratch& scratch, Matrix grad,
                     bool need_input_gradient) const {
  const Call call{kernels, config, rope, trained, key, offsets, offsets.back()};
  mlp_backward(call, activations, scratch, grad);
  attention_backward(call, activations, scratch, grad, need_input_gradient);
}

void Block::mlp_backward(const Call& call, BlockActivations& activations, BlockScratch& scratch,
                         Matrix grad) const {
  const Kernels& kernels = call.kernels;
  const std::int64_t hidden_size = call.config.hidden_size;
  const std::int64_t intermediate = call.config.intermediate_size;
  const ConstMatrix middle = call.shaped(activations.middle, hidden_size);
  const KeptActivations kept = activations.kept;
  const Matrix both = kept.gate_up ? call.shaped(activations.gate_up, 2 * intermediate)
                                   : compute_gate_up(call, activations, scratch);

  const Matrix hidden = call.shaped(kept.cheap, activations.hidden, scratch.hidden, intermediate);
  if (down.is_trained() && !kept.cheap) {
    kernels.swiglu(both, hidden);
  }
  const Matrix grad_hidden = call.shaped(scratch.grad_hidden, intermediate);
  down.backward(kernels, call.trained, call.key, grad, hidden, activations.lora_down, grad_hidden,
                scratch.linear);
  kernels.swiglu_backward(grad_hidden, both);

  const Matrix normed =
      call.shaped(kept.cheap, activations.mlp_normed, scratch.normed, hidden_size);
  if (gate_up.is_trained() && kept.gate_up && !kept.cheap) {  // else it is there
    kernels.rms_norm(middle, mlp_norm.values(call.trained), call.epsilon(), normed,
                     activations.mlp_inverse_rms.data());
  }
  const Matrix grad_normed = call.shaped(scratch.grad_normed, hidden_size);
  gate_up.backward(kernels, call.trained, call.key, both, normed, activations.lora_gate_up,
                   grad_normed, scratch.linear);
  kernels.rms_norm_backward(grad_normed, middle, mlp_norm.values(call.trained),
                            activations.mlp_inverse_rms.data(), grad,
                            mlp_norm.gradient(call.trained));
}

void Block::attention_backward(const Call& call, BlockActivations& activations,
                               BlockScratch& scratch, Matrix grad, bool need_input_gradient) const {
  const Kernels& kernels = call.kernels;
  const std::int64_t q = call.query_size();
  const std::int64_t kv = call.key_size();
  const std::int64_t hidden_size = call.config.hidden_size;
  const ConstMatrix input = call.shaped(activations.input, hidden_size);
  const ConstMatrix all = call.shaped(activations.qkv, q + 2 * kv);
  const ConstMatrix attended = call.shaped(activations.attention_out, q);

  const Matrix grad_attended = call.shaped(scratch.grad_attention, q);
  output.backward(kernels, call.trained, call.key, grad, attended, activations.lora_output,
                  grad_attended, scratch.linear);
  const bool norm_is_trained = attention_norm.offset.has_value();
  if (!need_input_gradient && !qkv.is_trained() && !norm_is_trained) {
    return;
  }
  const Matrix grad_all = call.shaped(scratch.grad_qkv, q + 2 * kv);
  kernels.attention_backward(grad_attended, all.columns_from(0, q), all.columns_from(q, kv),
                             all.columns_from(q + kv, kv), attended, activations.log_sum_exp.data(),
                             call.heads(), call.offsets,
                             {grad_all.columns_from(0, q), grad_all.columns_from(q, kv),
                              grad_all.columns_from(q + kv, kv)});
  call.rotate(grad_all, -1);

  const bool kept = activations.kept.cheap;
  const Matrix normed =
      call.shaped(kept, activations.attention_normed, scratch.normed, hidden_size);
  if (qkv.is_trained() && !kept) {
    kernels.rms_norm(input, attention_norm.values(call.trained), call.epsilon(), normed,
                     activations.attention_inverse_rms.data());
  }
  const bool need_normed_gradient = need_input_gradient || norm_is_trained;
  const Matrix grad_normed =
      need_normed_gradient ? call.shaped(scratch.grad_normed, hidden_size) : Matrix{};
  qkv.backward(kernels, call.trained, call.key, grad_all, normed, activations.lora_qkv, grad_normed,
               scratch.linear);
  if (need_normed_gradient) {
    kernels.rms_norm_backward(grad_normed, input, attention_norm.values(call.trained),
                              activations.attention_inverse_rms.data(), grad,
                              attention_norm.gradient(call.trained));
  }
}

}  // namespace temper::model
