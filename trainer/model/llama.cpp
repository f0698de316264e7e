#include "trainer/model/llama.h"

#include <algorithm>

#include "core/base/check.h"

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
  const auto size = static_cast<std::size_t>(num_tokens * config_.hidden_size);
  workspace.layers.resize(blocks_.size());
  workspace.layers[0].input.reserve(kernels.memory(), size);
  kernels.gather_rows(embedding(trained.parameters), sequences.ids,
                      matrix(workspace.layers[0].input.data(), num_tokens, config_.hidden_size));
  for (std::size_t layer = 0; layer < blocks_.size(); ++layer) {
    workspace.layers[layer].kept =
        kept_activations(workspace.settings.memory, static_cast<std::int64_t>(layer));
    FloatBuffer& y =
        layer + 1 < blocks_.size() ? workspace.layers[layer + 1].input : workspace.output;
    y.reserve(kernels.memory(), size);
    blocks_[layer].forward(kernels, config_, rope_, trained, key, sequences.offsets,
                           workspace.layers[layer], workspace.scratch,
                           matrix(y.data(), num_tokens, config_.hidden_size));
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
  const auto rows_size = static_cast<std::size_t>(num_rows * hidden);
  workspace.loss_rows.reserve(kernels.memory(), rows_size);
  workspace.loss_normed.reserve(kernels.memory(), rows_size);
  workspace.loss_inverse_rms.reserve(kernels.memory(), static_cast<std::size_t>(num_rows));
  const Matrix rows = matrix(workspace.loss_rows.data(), num_rows, hidden);
  const Matrix normed = matrix(workspace.loss_normed.data(), num_rows, hidden);
  const Matrix output = matrix(workspace.output.data(), sequences.num_tokens(), hidden);
  kernels.gather_rows(output, targets.rows, rows);
  kernels.rms_norm(rows, final_norm_.values(trained), static_cast<float>(config_.rms_norm_epsilon),
                   normed, workspace.loss_inverse_rms.data());
  Matrix grad_normed;
  if (backward) {
    workspace.loss_grad.reserve(kernels.memory(), rows_size);
    grad_normed = matrix(workspace.loss_grad.data(), num_rows, hidden);
  }

  LossResult result{0, num_rows};
  const std::int64_t chunk_rows = loss_chunk_rows(config_.vocabulary_size);
  workspace.logits.reserve(kernels.memory(),
                           static_cast<std::size_t>(chunk_rows * config_.vocabulary_size));
  for (std::int64_t begin = 0; begin < num_rows; begin += chunk_rows) {
    const std::int64_t count = std::min(chunk_rows, num_rows - begin);
    const Matrix logits = matrix(workspace.logits.data(), count, config_.vocabulary_size);
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
    kernels.memory().clear(grad_rows.data, rows_size * sizeof(float));
    kernels.rms_norm_backward(grad_normed, rows, final_norm_.values(trained),
                              workspace.loss_inverse_rms.data(), grad_rows,
                              final_norm_.gradient(trained));
    kernels.memory().clear(output.data,
                           static_cast<std::size_t>(output.rows * hidden) * sizeof(float));
    kernels.scatter_add_rows(grad_rows, targets.rows, output);
  }
  return result;
}

void LlamaModel::backward_layers(const Kernels& kernels, const PackedSequences& sequences,
                                 const Trained& trained, const SlotKey& key,
                                 SlotWorkspace& workspace) const {
  const TimelineSpan span(workspace.settings.timeline, "backward");
  const Matrix grad = matrix(workspace.output.data(), sequences.num_tokens(), config_.hidden_size);
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
  const Trained trained{parameters, nullptr};
  const std::int64_t num_tokens = sequences.num_tokens();
  std::vector<float> result(static_cast<std::size_t>(num_tokens * config_.vocabulary_size));
  if (num_tokens == 0) {
    return result;
  }
  device::DeviceMemory& memory = kernels.memory();
  forward_layers(kernels, sequences, trained, {}, workspace);
  FloatBuffer inverse_rms(static_cast<std::size_t>(num_tokens), memory);
  FloatBuffer normed(static_cast<std::size_t>(num_tokens * config_.hidden_size), memory);
  FloatBuffer on_device(result.size(), memory);
  const Matrix rows = matrix(normed.data(), num_tokens, config_.hidden_size);
  kernels.rms_norm(matrix(workspace.output.data(), num_tokens, config_.hidden_size),
                   final_norm_.values(trained), static_cast<float>(config_.rms_norm_epsilon), rows,
                   inverse_rms.data());
  head_.forward(kernels, trained, {}, rows,
                matrix(on_device.data(), num_tokens, config_.vocabulary_size), Accumulate::kNo,
                workspace.lora_head, workspace.scratch.linear);
  memory.download(on_device.data(), result.data(), result.size() * sizeof(float));
  return result;
}

}  // namespace temper::model
