#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trainer/model/float_buffer.h"
#include "trainer/model/kernels.h"

namespace temper::model {

/// Flat buffers of a slot: what is trained, and (training only) where its gradient goes.
struct Trained {
  const float* parameters = nullptr;
  float* gradient = nullptr;  ///< nullptr: forward only
};

/// What randomness of a slot is keyed by, besides purpose and module.
struct SlotKey {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::uint64_t slot = 0;
};

/// One LoRA pair (Hu et al. 2021): y += scaling · B · A · dropout(x) for output columns
/// [output_begin, output_begin + output_size) of its linear group.
struct LoraModule {
  std::int64_t output_begin = 0;
  std::int64_t output_size = 0;
  std::int64_t rank_begin = 0;  ///< its rows in the group's A
  std::int64_t rank = 0;
  float scaling = 0;
  std::size_t b_offset = 0;  ///< of B [output_size, rank] in the flat buffer
  std::uint64_t module_key = 0;
};

struct LoraGroup {
  std::vector<LoraModule> modules;
  std::int64_t total_rank = 0;
  std::size_t a_offset = 0;  ///< of A [total_rank, input] in the flat buffer
  float dropout = 0;
};

/// Columns of a group's output that are one module's.
struct OutputRange {
  std::int64_t begin = 0;
  std::int64_t size = 0;
};

/// Linear modules that read the same input, fused: q, k, v or gate, up, or one alone. The weight is
/// frozen or lies in the flat buffer of what is trained; LoRA pairs are added.
struct Linear {
  std::int64_t input_size = 0;
  std::int64_t output_size = 0;
  std::vector<OutputRange> modules;
  ConstMatrix frozen_weight;                 // [output, input]; empty if trained
  const float* frozen_bias = nullptr;        // [output]
  std::optional<std::size_t> weight_offset;  // trained
  std::optional<std::size_t> bias_offset;
  LoraGroup lora;
  Accumulate gradients = Accumulate::kNo;  // kYes: a slot calls backward() several times

  bool is_trained() const { return weight_offset.has_value() || !lora.modules.empty(); }

  /// y (+)= x · Wᵀ + bias + LoRA. lora_inner [T, total_rank] (A · x) is kept for backward.
  /// x [T, input], y [T, output]. `scratch` is used under dropout.
  void forward(const Kernels& kernels, const Trained& trained, const SlotKey& key, ConstMatrix x,
               Matrix y, Accumulate accumulate, FloatBuffer& lora_inner,
               FloatBuffer& scratch) const;

  /// Writes (or as `gradients` says adds to) gradients of the trained parts, adds to those of
  /// biases and, unless grad_x is empty, writes grad_x = dL/dx.
  void backward(const Kernels& kernels, const Trained& trained, const SlotKey& key,
                ConstMatrix grad_y, ConstMatrix x, const FloatBuffer& lora_inner, Matrix grad_x,
                FloatBuffer& scratch) const;

 private:
  struct BackwardCall;
  ConstMatrix weight(const Trained& trained) const;
  DropoutKey dropout_key(const SlotKey& key, const LoraModule& module) const;
};

}  // namespace temper::model
