#include "core/model/memory_estimate.h"

#include <algorithm>
#include <bit>

#include "core/model/activation_policy.h"
#include "core/model/moment_size.h"
#include "core/model/parameters.h"
#include "core/model/update_shares.h"

namespace temper::model {
namespace {

constexpr std::int64_t kFloatBytes = 4;
constexpr std::uint64_t kProgramBytes = std::uint64_t{128} << 20;
constexpr std::int64_t kLogitsOfChunk = std::int64_t{1} << 23;

struct LoraSize {
  std::int64_t parameters = 0;  // of all pairs, and of modules that are trained whole
  std::int64_t ranks = 0;       // of all pairs: floats of their A outputs for a token
  std::int64_t moment_bytes = 0;
};

LoraSize lora_size(const ModelConfig& config, const recipe::Adapter& adapter,
                   recipe::MomentFormat format) {
  LoraSize size;
  if (adapter.type == recipe::AdapterType::kNone) {
    return size;
  }
  for (const LoraTarget& target : resolve_lora_targets(config, adapter)) {
    size.parameters += target.rank * (target.in_features + target.out_features);
    size.ranks += target.rank;
    for (const std::int64_t features : {target.in_features, target.out_features}) {
      size.moment_bytes += moment_bytes(format, "", target.rank * features);
    }
  }
  for (const Parameter& saved : resolve_saved_parameters(config, adapter)) {
    size.parameters += saved.num_elements();
    size.moment_bytes += moment_bytes(format, saved.name, saved.num_elements());
  }
  return size;
}

/// Numbers of a token that are fp32 on every device: statistics of softmax and norms, A's outputs.
std::int64_t statistics_floats(const ModelConfig& config, const LoraSize& lora) {
  return config.num_layers * (config.num_heads + 2) + lora.ranks;
}

std::int64_t activation_floats(const ModelConfig& config, const LoraSize& lora,
                               recipe::Memory memory, std::int64_t slot_tokens) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t query = config.num_heads * config.head_size;
  const std::int64_t key = config.num_kv_heads * config.head_size;
  const std::int64_t gate_up = 2 * config.intermediate_size;
  std::int64_t kept = 0;
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
    const KeptActivations also = kept_activations(memory, layer);
    kept += 2 * hidden + query + 2 * key + query;
    kept += also.gate_up ? gate_up : 0;
    kept += also.cheap ? 2 * hidden + config.intermediate_size : 0;
  }
  std::int64_t scratch = 4 * hidden + 2 * query + 2 * key + gate_up;
  scratch += memory == recipe::Memory::kLow ? gate_up : 0;
  const std::int64_t loss_rows = 3 * hidden;
  const std::int64_t chunk_rows =
      std::clamp<std::int64_t>(kLogitsOfChunk / config.vocabulary_size, 16, 256);
  return slot_tokens * (kept + statistics_floats(config, lora) + scratch + loss_rows) +
         chunk_rows * config.vocabulary_size;
}

/// Trained numbers and bytes of their moments: of all tensors, or of a rank's share.
struct Trained {
  std::int64_t numbers = 0;
  std::int64_t moment_bytes = 0;
};

/// The largest share, when all weights are trained on several ranks.
Trained largest_share(const ModelConfig& config, recipe::MomentFormat format,
                      std::int64_t num_ranks) {
  std::vector<Trained> tensors;
  std::vector<std::int64_t> sizes;
  for (const Parameter& parameter : list_parameters(config)) {
    const std::int64_t size = parameter.num_elements();
    tensors.push_back({size, moment_bytes(format, parameter.name, size)});
    sizes.push_back(size);
  }
  const std::vector<std::size_t> runs = split_into_runs(sizes, static_cast<int>(num_ranks));
  Trained largest;
  for (std::size_t rank = 0; rank + 1 < runs.size(); ++rank) {
    Trained share;
    for (std::size_t i = runs[rank]; i < runs[rank + 1]; ++i) {
      share.numbers += tensors[i].numbers;
      share.moment_bytes += tensors[i].moment_bytes;
    }
    largest.numbers = std::max(largest.numbers, share.numbers);
    largest.moment_bytes = std::max(largest.moment_bytes, share.moment_bytes);
  }
  return largest;
}

std::uint64_t bytes_of(std::int64_t floats) {
  return static_cast<std::uint64_t>(floats * kFloatBytes);
}

// Levels of the sum tree over the slots: ceil(log2(slots)).
std::int64_t tree_levels(std::int64_t slots) {
  return static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(slots - 1)));
}

}  // namespace

std::uint64_t MemoryEstimate::total_bytes() const {
  return weight_bytes + gradient_bytes + moment_bytes + activation_bytes + program_bytes +
         snapshot_bytes;
}

std::int64_t most_slot_tokens(const recipe::Recipe& recipe) {
  const std::int64_t samples = (recipe.batch.samples + recipe.batch.slots - 1) / recipe.batch.slots;
  return samples * recipe.data.max_length;
}

MemoryEstimate estimate_memory(const ModelConfig& config, const recipe::Recipe& recipe,
                               const RankLoad& load) {
  const recipe::MomentFormat format = recipe.optimizer.moments;
  const Trained base = largest_share(config, format, 1);
  const LoraSize lora = lora_size(config, recipe.adapter, format);
  const bool full = recipe.adapter.type == recipe::AdapterType::kNone;
  const Trained all = full ? base : Trained{lora.parameters, lora.moment_bytes};
  const Trained share = full ? largest_share(config, format, load.num_ranks) : all;
  const std::int64_t trained = all.numbers;
  MemoryEstimate estimate;
  estimate.total_parameters = base.numbers + lora.parameters;
  estimate.trained_parameters = trained;
  estimate.share_parameters = static_cast<std::uint64_t>(share.numbers);
  estimate.weight_bytes = bytes_of(estimate.total_parameters);
  const std::int64_t slots_a_rank = (recipe.batch.slots + load.num_ranks - 1) / load.num_ranks;
  const std::int64_t busy_workers = std::min(load.slot_workers, slots_a_rank);
  const std::int64_t received = load.num_ranks > 1 ? (full ? 1 : 2) : 0;
  estimate.gradient_bytes =
      bytes_of(trained * (tree_levels(recipe.batch.slots) + busy_workers + received));
  estimate.moment_bytes = static_cast<std::uint64_t>(share.moment_bytes);
  estimate.activation_bytes =
      bytes_of(busy_workers * activation_floats(config, lora, recipe.memory, load.slot_tokens));
  estimate.statistics_bytes =
      bytes_of(busy_workers * load.slot_tokens * statistics_floats(config, lora));
  estimate.program_bytes = kProgramBytes;
  estimate.checkpoint_bytes = bytes_of(trained) + static_cast<std::uint64_t>(all.moment_bytes);
  estimate.snapshot_bytes = estimate.checkpoint_bytes / static_cast<std::uint64_t>(load.num_ranks);
  return estimate;
}

}  // namespace temper::model
