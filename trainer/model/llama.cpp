#include "trainer/model/llama.h"

#include <algorithm>

#include "core/base/check.h"
#include "trainer/model/activations.h"

namespace temper::model {
namespace {

/// Rows of the hidden states that predict a trained token, and those tokens.
struct TrainedRows {
  std::vector<std::int32_t> rows;
  std::vector<std::int32_t> targets;
};

TrainedRows trained_rows(const PackedSequences& sequences) {
  TrainedRows result;
  for (std::size_t i = 0; i + 1 < sequences.offsets.size(); ++i) {
    for (std::int32_t t = sequences.offsets[i] + 1; t < sequences.offsets[i + 1]; ++t) {
      if (sequences.trained[static_cast<std::size_t>(t)] != 0) {
        result.rows.push_back(t - 1);
        result.targets.push_back(sequences.ids[static_cast<std::size_t>(t)]);
      }
    }
  }
  return result;
}

/// Rows of logits at a time: about 32 MB, so that a chunk is written and read while it is warm.
/// A function of the vocabulary alone: chunking is part of the result's bits.
std::int64_t loss_chunk_rows(std::int64_t vocabulary_size) {
  return std::clamp<std::int64_t>((std::int64_t{8} << 20) / vocabulary_size, 16, 256);
}

}  // namespace

LlamaModel::LlamaModel(const ModelConfig& config, std::int64_t max_length,
                       device::DeviceMemory& memory)
    : config_(config),
      rope_(config.rope, config.head_size, max_length, memory),
      blocks_(static_cast<std::size_t>(config.num_layers)) {}

ConstMatrix LlamaModel::embedding(const float* parameters) const {
  return embedding_offset_
             ? matrix(parameters + *embedding_offset_, config_.vocabulary_size, config_.hidden_size)
             : frozen_embedding_;
}

void LlamaModel::clear_sums(device::DeviceMemory& memory, float* gradient) const {
  for (const auto& [begin, end] : sums_) {
    memory.clear(gradient + begin, (end - begin) * sizeof(float));
  }
}

void LlamaModel::forward_layers(const Kernels& kernels, const PackedSequences& sequences,
                                const Trained& trained, const SlotKey& key,
                                SlotWorkspace& workspace) const {
  const TimelineSpan span(workspace.settings.timeline, "forward");
  const std::int64_t num_tokens = sequences.num_tokens();
  const std::int64_t hidden = config_.hidden_size;
  workspace.layers.resize(blocks_.size());
  kernels.gather_rows(embedding(trained.parameters), sequences.ids,
                      activations_in(workspace.layers[0].input, kernels, num_tokens, hidden));
  for (std::size_t layer = 0; layer < blocks_.size(); ++layer) {
    workspace.layers[layer].kept =
        kept_activations(workspace.settings.memory, static_cast<std::int64_t>(layer));
    FloatBuffer& y =
        layer + 1 < blocks_.size() ? workspace.layers[layer + 1].input : workspace.output;
    blocks_[layer].forward(kernels, config_, rope_, trained, key, sequences.offsets,
                           workspace.layers[layer], workspace.scratch,
                           activations_in(y, kernels, num_tokens, hidden));
  }
}

LossResult LlamaModel::head_loss(const Kernels& kernels, const PackedSequences& sequences,
                                 const Trained& trained, const SlotKey& key,
                                 SlotWorkspace& workspace) const {
  const TimelineSpan span(workspace.settings.timeline, "loss");
  const TrainedRows targets = trained_rows(sequences);
  const auto num_rows = static_cast<std::int64_t>(targets.rows.size());
  const std::int64_t hidden = config_.hidden_size;
  const bool backward = trained.gradient != nullptr;
  workspace.loss_inverse_rms.reserve(kernels.memory(), static_cast<std::size_t>(num_rows));
  const Matrix rows = activations_in(workspace.loss_rows, kernels, num_rows, hidden);
  const Matrix normed = activations_in(workspace.loss_normed, kernels, num_rows, hidden);
  const Matrix output = activations_in(workspace.output, kernels, sequences.num_tokens(), hidden);
  kernels.gather_rows(output, targets.rows, rows);
  kernels.rms_norm(rows, final_norm_.values(trained), static_cast<float>(config_.rms_norm_epsilon),
                   normed, workspace.loss_inverse_rms.data());
  Matrix grad_normed;
  if (backward) {
    grad_normed = activations_in(workspace.loss_grad, kernels, num_rows, hidden);
  }

  LossResult result{0, num_rows};
  const std::int64_t chunk_rows = loss_chunk_rows(config_.vocabulary_size);
  const Matrix all_logits =
      activations_in(workspace.logits, kernels, chunk_rows, config_.vocabulary_size);
  for (std::int64_t begin = 0; begin < num_rows; begin += chunk_rows) {
    const std::int64_t count = std::min(chunk_rows, num_rows - begin);
    const Matrix logits = all_logits.rows_from(0, count);
    const ConstMatrix x = normed.rows_from(begin, count);
    const SlotKey chunk_key{key.seed, key.step,
                            mix_keys({key.slot, static_cast<std::uint64_t>(begin)})};
    head_.forward(kernels, trained, chunk_key, x, logits, Accumulate::kNo, workspace.lora_head,
                  workspace.scratch.linear);
    const std::span<const std::int32_t> chunk_targets(targets.targets.data() + begin,
                                                      static_cast<std::size_t>(count));
    result.loss_sum += kernels.cross_entropy(logits, chunk_targets,
                                             backward ? workspace.settings.loss_terms : LossTerms{},
                                             /*keep_logits=*/!backward);
    if (backward) {
      head_.backward(kernels, trained, chunk_key, logits, x, workspace.lora_head,
                     grad_normed.rows_from(begin, count), workspace.scratch.linear);
    }
  }
  if (backward) {
    // The gradient of the last layer's output: zero except in the rows that predict a trained
    // token.
    Matrix grad_rows = normed;  // no longer needed
    clear(kernels, grad_rows);
    kernels.rms_norm_backward(grad_normed, rows, final_norm_.values(trained),
                              workspace.loss_inverse_rms.data(), grad_rows,
                              final_norm_.gradient(trained));
    clear(kernels, output);
    kernels.scatter_add_rows(grad_rows, targets.rows, output);
  }
  return result;
}

void LlamaModel::backward_layers(const Kernels& kernels, const PackedSequences& sequences,
                                 const Trained& trained, const SlotKey& key,
                                 SlotWorkspace& workspace) const {
  const TimelineSpan span(workspace.settings.timeline, "backward");
  const Matrix grad =
      activations_in(workspace.output, kernels, sequences.num_tokens(), config_.hidden_size);
  for (std::size_t layer = blocks_.size(); layer-- > first_trained_layer_;) {
    const bool need_input_gradient = layer > first_trained_layer_ || embedding_offset_.has_value();
    blocks_[layer].backward(kernels, config_, rope_, trained, key, sequences.offsets,
                            workspace.layers[layer], workspace.scratch, grad, need_input_gradient);
  }
  if (embedding_offset_) {
    kernels.scatter_add_rows(grad, sequences.ids,
                             matrix(trained.gradient + *embedding_offset_, config_.vocabulary_size,
                                    config_.hidden_size));
  }
}

LossResult LlamaModel::loss(const Kernels& kernels, const PackedSequences& sequences,
                            const float* parameters, SlotWorkspace& workspace) const {
  if (sequences.num_tokens() == 0) {
    return {};
  }
  const Trained trained{parameters, nullptr};
  forward_layers(kernels, sequences, trained, {}, workspace);
  return head_loss(kernels, sequences, trained, {}, workspace);
}

LossResult LlamaModel::loss_and_gradient(const Kernels& kernels, const PackedSequences& sequences,
                                         const float* parameters, float* gradient,
                                         const SlotKey& key, SlotWorkspace& workspace) const {
  if (sequences.num_tokens() == 0) {
    kernels.memory().clear(gradient, layout_.size() * sizeof(float));
    return {};
  }
  clear_sums(kernels.memory(), gradient);
  const Trained trained{parameters, gradient};
  forward_layers(kernels, sequences, trained, key, workspace);
  const LossResult result = head_loss(kernels, sequences, trained, key, workspace);
  backward_layers(kernels, sequences, trained, key, workspace);
  return result;
}

std::vector<float> LlamaModel::logits(const Kernels& kernels, const PackedSequences& sequences,
                                      const float* parameters, SlotWorkspace& workspace) const {
  const std::int64_t num_tokens = sequences.num_tokens();
  if (num_tokens == 0) {
    return {};
  }
  const Trained trained{parameters, nullptr};
  forward_layers(kernels, sequences, trained, {}, workspace);
  FloatBuffer inverse_rms(static_cast<std::size_t>(num_tokens), kernels.memory());
  FloatBuffer normed;
  FloatBuffer all_logits;
  const std::int64_t hidden = config_.hidden_size;
  const Matrix rows = activations_in(normed, kernels, num_tokens, hidden);
  kernels.rms_norm(activations_in(workspace.output, kernels, num_tokens, hidden),
                   final_norm_.values(trained), static_cast<float>(config_.rms_norm_epsilon), rows,
                   inverse_rms.data());
  const Matrix logits = activations_in(all_logits, kernels, num_tokens, config_.vocabulary_size);
  head_.forward(kernels, trained, {}, rows, logits, Accumulate::kNo, workspace.lora_head,
                workspace.scratch.linear);
  return downloaded(kernels, logits);
}

}  // namespace temper::model
