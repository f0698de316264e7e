#include "core/model/gpu_sizing.h"

#include <algorithm>
#include <array>

#include "core/model/activation_policy.h"
#include "core/model/parameters.h"

namespace temper::model {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;
constexpr std::uint64_t kContextBytes = 768 * kMebibyte;
constexpr double kUsableShare = 0.95;
constexpr std::int64_t kMostProcessors = 148;  // of a GPU: B200's

constexpr std::array kCommonGpus = {
    GpuKind{"L4", 22 * kGibibyte, 121},      GpuKind{"A100-40", 39 * kGibibyte, 312},
    GpuKind{"A100-80", 79 * kGibibyte, 312}, GpuKind{"H100", 79 * kGibibyte, 989},
    GpuKind{"H200", 139 * kGibibyte, 989},   GpuKind{"B200", 178 * kGibibyte, 2250},
};

bool trains_all(const recipe::Recipe& recipe) {
  return recipe.adapter.type == recipe::AdapterType::kNone;
}

MemoryEstimate in_floats(const ModelConfig& config, const recipe::Recipe& recipe,
                         std::int64_t slot_tokens, std::int64_t num_ranks = 1) {
  return estimate_memory(config, recipe,
                         {.slot_workers = 1, .slot_tokens = slot_tokens, .num_ranks = num_ranks});
}

bool is_in_bf16(const recipe::Recipe& recipe) {
  return recipe.model.dtype == recipe::DataType::kAuto ||
         recipe.model.dtype == recipe::DataType::kBf16;
}

/// Of one slot. bf16 halves all but the statistics.
std::uint64_t activation_bytes(const MemoryEstimate& floats, std::uint64_t number_bytes) {
  return floats.statistics_bytes +
         (floats.activation_bytes - floats.statistics_bytes) / 4 * number_bytes;
}

std::uint64_t workspace_bytes(const ModelConfig& config, const recipe::Recipe& recipe,
                              std::int64_t slot_tokens) {
  constexpr std::int64_t kFloatBytes = 4;
  constexpr std::int64_t kBf16Bytes = 2;
  constexpr std::int64_t kTemporaries = 6;  // of SwiGLU's and attention's backward, alive at once
  const std::int64_t swiglu = kTemporaries * kFloatBytes * slot_tokens * config.intermediate_size;
  const std::int64_t sums = (kMostProcessors + config.num_heads - 1) / config.num_heads;
  const std::int64_t attention =
      (sums + kTemporaries) * kFloatBytes * slot_tokens * config.num_heads * config.head_size;
  const auto logits = static_cast<std::int64_t>(in_floats(config, recipe, 0).activation_bytes);
  const std::int64_t largest_weight =
      config.hidden_size * std::max(config.vocabulary_size, 2 * config.intermediate_size);
  const bool rounds = trains_all(recipe) && is_in_bf16(recipe);
  const std::int64_t head = 3 * logits + (rounds ? kBf16Bytes * largest_weight : 0);
  const std::int64_t dropped =
      recipe.adapter.dropout > 0 ? kFloatBytes * slot_tokens * config.intermediate_size : 0;
  return static_cast<std::uint64_t>(std::max({swiglu, attention, head}) + dropped);
}

/// Weights of the linear modules of a layer.
double layer_weights(const ModelConfig& config) {
  const auto hidden = static_cast<double>(config.hidden_size);
  const auto query = static_cast<double>(config.num_heads * config.head_size);
  const auto key = static_cast<double>(config.num_kv_heads * config.head_size);
  return hidden * (2 * query + 2 * key + 3 * static_cast<double>(config.intermediate_size));
}

}  // namespace

std::span<const GpuKind> common_gpus() {
  return kCommonGpus;
}

std::uint64_t GpuMemory::fixed_bytes() const {
  return weight_bytes + trained_bytes + gradient_bytes + workspace_bytes + communication_bytes +
         context_bytes;
}

std::size_t num_device_gradients(std::size_t num_trained) {
  constexpr std::size_t kLargestPair = 2 * kGibibyte;
  return 2 * num_trained * sizeof(float) <= kLargestPair ? 2 : 1;
}

GpuMemory estimate_gpu_memory(const ModelConfig& config, const recipe::Recipe& recipe,
                              const GpuLoad& load) {
  const MemoryEstimate floats = in_floats(config, recipe, load.slot_tokens, load.num_ranks);
  const auto trained = static_cast<std::uint64_t>(floats.trained_parameters);
  const auto all = static_cast<std::uint64_t>(floats.total_parameters);
  const std::uint64_t number_bytes = is_in_bf16(recipe) ? 2 : 4;
  GpuMemory memory;
  memory.weight_bytes = trains_all(recipe) ? 0 : number_bytes * (all - trained);
  memory.trained_bytes = 4 * trained;
  memory.gradient_bytes = 4 * trained * num_device_gradients(trained);
  memory.activation_bytes = activation_bytes(floats, number_bytes);
  memory.workspace_bytes = workspace_bytes(config, recipe, load.slot_tokens);
  memory.communication_bytes = load.num_ranks > 1 ? 2 * load.stage_bytes : 0;
  memory.context_bytes = kContextBytes;
  memory.host_bytes = 4 * trained + floats.gradient_bytes + floats.moment_bytes;
  return memory;
}

double training_flops(const ModelConfig& config, const recipe::Recipe& recipe,
                      const GpuLoad& load) {
  const auto layers = static_cast<double>(config.num_layers);
  const auto hidden = static_cast<double>(config.hidden_size);
  const auto query = static_cast<double>(config.num_heads * config.head_size);
  const double head = hidden * static_cast<double>(config.vocabulary_size) * load.trained_share;
  const bool full = trains_all(recipe);
  const double linear = (full ? 6 : 4) * (layers * layer_weights(config) + head);
  const auto trained = static_cast<double>(in_floats(config, recipe, 0).trained_parameters);
  double recomputed = 0;
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
    if (!kept_activations(recipe.memory, layer).gate_up) {
      recomputed += 2 * hidden * 2 * static_cast<double>(config.intermediate_size);
    }
  }
  return linear + (full ? 0 : 6 * trained) + 7 * layers * query * load.sample_tokens + recomputed;
}

std::vector<GpuFit> fit_gpus(const ModelConfig& config, const recipe::Recipe& recipe,
                             const GpuLoad& load) {
  constexpr double kTera = 1e12;
  const GpuMemory memory = estimate_gpu_memory(config, recipe, load);
  const double flops = training_flops(config, recipe, load);
  std::vector<GpuFit> fits;
  for (const GpuKind& gpu : kCommonGpus) {
    const auto usable =
        static_cast<std::uint64_t>(kUsableShare * static_cast<double>(gpu.memory_bytes));
    GpuFit fit{.gpu = gpu, .tokens_per_second = kAssumedUse * gpu.bf16_teraflops * kTera / flops};
    if (usable > memory.fixed_bytes()) {
      fit.num_slots =
          static_cast<std::int64_t>((usable - memory.fixed_bytes()) / memory.activation_bytes);
    }
    fits.push_back(fit);
  }
  return fits;
}

}  // namespace temper::model
