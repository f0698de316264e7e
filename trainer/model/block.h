#pragma once

#include <cstdint>
#include <optional>

#include "core/model/activation_policy.h"
#include "core/model/model_config.h"
#include "trainer/model/float_buffer.h"
#include "trainer/model/kernels.h"
#include "trainer/model/linear.h"
#include "trainer/model/rope.h"

namespace temper::model {

/// An RMSNorm weight: frozen, or in the flat buffer of what is trained.
struct NormWeight {
  const float* frozen = nullptr;
  std::optional<std::size_t> offset;

  const float* values(const Trained& trained) const {
    return offset ? trained.parameters + *offset : frozen;
  }
  float* gradient(const Trained& trained) const {
    return offset ? trained.gradient + *offset : nullptr;
  }
};

/// What one decoder layer keeps between forward and backward, a slot; as `kept` says. Dropout masks
/// are always recomputed.
struct BlockActivations {
  KeptActivations kept;
  FloatBuffer input;                                           // [T, hidden]
  FloatBuffer attention_inverse_rms;                           // [T]
  FloatBuffer qkv;                                             // [T, q + 2 kv], after rotation
  FloatBuffer attention_out;                                   // [T, q]
  FloatBuffer log_sum_exp;                                     // [T · heads]
  FloatBuffer middle;                                          // [T, hidden], after attention
  FloatBuffer mlp_inverse_rms;                                 // [T]
  FloatBuffer gate_up;                                         // [T, 2 intermediate], if kept
  FloatBuffer attention_normed, mlp_normed;                    // [T, hidden], if cheap ones are
  FloatBuffer hidden;                                          // [T, intermediate], if they are
  FloatBuffer lora_qkv, lora_output, lora_gate_up, lora_down;  // [T, total rank] each
};

/// Buffers that live only inside one layer's forward or backward, shared by all layers of a slot.
struct BlockScratch {
  FloatBuffer normed, hidden, gate_up, grad_normed, grad_hidden, grad_attention, grad_qkv, linear;
};

/// One decoder layer of the Llama family with its backward written out: RMSNorm, attention (GQA,
/// RoPE), RMSNorm, SwiGLU, two residual additions. Immutable while slots run; thread-safe.
struct Block {
  Linear qkv, output, gate_up, down;
  NormWeight attention_norm, mlp_norm;

  bool is_trained() const;

  /// activations.input → y [T, hidden]. Fills the other activations.
  void forward(const Kernels& kernels, const ModelConfig& config, const RopeTable& rope,
               const Trained& trained, const SlotKey& key, SequenceOffsets offsets,
               BlockActivations& activations, BlockScratch& scratch, Matrix y) const;

  /// grad [T, hidden] is dL/dy on entry and, if need_input_gradient, dL/dinput on return.
  /// Consumes gate and up.
  void backward(const Kernels& kernels, const ModelConfig& config, const RopeTable& rope,
                const Trained& trained, const SlotKey& key, SequenceOffsets offsets,
                BlockActivations& activations, BlockScratch& scratch, Matrix grad,
                bool need_input_gradient) const;

 private:
  struct Call;
  Matrix compute_gate_up(const Call& call, BlockActivations& activations,
                         BlockScratch& scratch) const;
  void mlp_backward(const Call& call, BlockActivations& activations, BlockScratch& scratch,
                    Matrix grad) const;
  void attention_backward(const Call& call, BlockActivations& activations, BlockScratch& scratch,
                          Matrix grad, bool need_input_gradient) const;
};

}  // namespace temper::model
