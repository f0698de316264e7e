#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/timeline.h"
#include "core/model/base_model.h"
#include "core/model/parameters.h"
#include "trainer/model/block.h"
#include "trainer/model/kernels.h"
#include "trainer/model/packed_sequences.h"
#include "trainer/model/parameter_layout.h"

namespace temper::model {

/// How slots are computed; the same for all of a run.
struct SlotSettings {
  recipe::Memory memory = recipe::Memory::kBalanced;
  LossTerms loss_terms;          ///< of loss_and_gradient(); loss() is the plain cross-entropy
  Timeline* timeline = nullptr;  ///< where the phases of a slot are noted; nullptr: nowhere
};

/// Activations and scratch of one slot worker, reused from slot to slot.
struct SlotWorkspace {
  SlotSettings settings;
  std::vector<BlockActivations> layers;
  BlockScratch scratch;
  FloatBuffer output;  // [T, hidden] of the last layer; later its gradient
  FloatBuffer loss_rows, loss_normed, loss_grad, loss_inverse_rms, logits, lora_head;
};

struct LossResult {
  double loss_sum = 0;  ///< over trained tokens, natural logarithm
  std::int64_t num_trained = 0;
};

/// A Llama-architecture decoder whose trained part (LoRA pairs, or all weights) lies in a flat
/// buffer that the caller owns and passes to each call; frozen weights are held here once for all
/// slot workers. Immutable while slots run; thread-safe. Parameters and gradients are in the memory
/// of the kernels.
class LlamaModel {
 public:
  /// LoRA on frozen weights; the parameters `saved` (of norms, the embedding, an untied head) are
  /// trained whole beside it and start as the base's. Weights are used in place where BaseModel can
  /// map them and fused groups lie side by side; else, and always on a device, they are copied.
  /// `placement` is that of the kernels which compute with the model.
  static std::unique_ptr<LlamaModel> with_lora(const BaseModel& base,
                                               const std::vector<LoraTarget>& targets,
                                               double dropout, std::int64_t max_length,
                                               const std::vector<Parameter>& saved = {},
                                               const Placement& placement = {});
  /// Everything is trained; no frozen weights.
  static std::unique_ptr<LlamaModel> fully_trained(const ModelConfig& config,
                                                   std::int64_t max_length,
                                                   const Placement& placement = {});

  const ModelConfig& config() const { return config_; }
  const ParameterLayout& layout() const { return layout_; }
  std::int64_t max_length() const { return rope_.max_length(); }

  /// Forward only: loss over the trained tokens.
  LossResult loss(const Kernels& kernels, const PackedSequences& sequences, const float* parameters,
                  SlotWorkspace& workspace) const;

  /// Forward and backward: overwrites `gradient` (layout().size() floats) with the gradient of the
  /// loss SUM. Leaves the gaps of the layout alone.
  LossResult loss_and_gradient(const Kernels& kernels, const PackedSequences& sequences,
                               const float* parameters, float* gradient, const SlotKey& key,
                               SlotWorkspace& workspace) const;

  /// Logits of every row, [T, vocabulary].
  std::vector<float> logits(const Kernels& kernels, const PackedSequences& sequences,
                            const float* parameters, SlotWorkspace& workspace) const;

 private:
  friend class ModelBuilder;
  LlamaModel(const ModelConfig& config, std::int64_t max_length, device::DeviceMemory& memory);

  ConstMatrix embedding(const float* parameters) const;
  void clear_sums(device::DeviceMemory& memory, float* gradient) const;
  void forward_layers(const Kernels& kernels, const PackedSequences& sequences,
                      const Trained& trained, const SlotKey& key, SlotWorkspace& workspace) const;
  LossResult head_loss(const Kernels& kernels, const PackedSequences& sequences,
                       const Trained& trained, const SlotKey& key, SlotWorkspace& workspace) const;
  void backward_layers(const Kernels& kernels, const PackedSequences& sequences,
                       const Trained& trained, const SlotKey& key, SlotWorkspace& workspace) const;

  ModelConfig config_;
  RopeTable rope_;
  ParameterLayout layout_;
  std::vector<Block> blocks_;
  ConstMatrix frozen_embedding_;  // [vocabulary, hidden]
  std::optional<std::size_t> embedding_offset_;
  Linear head_;
  NormWeight final_norm_;
  std::size_t first_trained_layer_ = 0;
  /// Parts of the gradient that a slot adds to, [begin, end); it writes all others once.
  std::vector<std::pair<std::size_t, std::size_t>> sums_;
  std::vector<FloatBuffer> frozen_;  // copies of what could not be mapped
};

}  // namespace temper::model
