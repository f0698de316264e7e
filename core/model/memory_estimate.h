#pragma once

#include <cstdint>

#include "core/model/model_config.h"
#include "core/recipe/recipe.h"

namespace temper::model {

/// How much work one rank does at a time.
struct RankLoad {
  std::int64_t slot_workers = 1;  ///< slots that are computed at once
  std::int64_t slot_tokens = 0;   ///< tokens of the longest slot
  std::int64_t num_ranks = 1;     ///< that share moments and the saving of a checkpoint
};

/// Memory of one rank, and what a checkpoint takes. fp32 throughout, 4 bytes a number. Every rank
/// holds all of it, but when all weights are trained: then each of several ranks updates only a
/// share of them, a run of whole tensors (update_shares.h), of which the largest has S numbers;
/// else S = T. With P parameters of the base, T trained ones:
///
///   weights      4 · (P + T) with an adapter, 4 · P when all weights are trained. Weights that can
///                be used where they lie in the file are counted too: their pages are in memory.
/// Of slot workers those count that find a slot at all.
///
///   gradients    4 · T · (ceil(log2(slots)) + slot_workers): the ordered sum over the slots keeps
///                at most one finished subtree a level, each worker fills one. On several ranks
///                4 · T more for the parts that the peers send, and with an adapter 4 · T for the
///                whole sum.
///   moments      2 · 4 · S (AdamW's two running means); with `moments: 8bit` as in moment_size.h.
///   activations  4 · slot_workers · (slot_tokens · tokens_floats + logits), where per token
///                tokens_floats = layers · (2·hidden + q + 2·kv + q + 2·intermediate + heads + 2)
///                                + ranks of all LoRA pairs
///                                + scratch of one layer (4·hidden + 2·q + 2·kv + 2·intermediate)
///                                + rows of the loss (3·hidden)
///                (what the backward pass cannot cheaply recompute: the two residual inputs, Q, K,
///                V, the attention output, gate and up; with `memory: fast` and `low` as in
///                activation_policy.h), and logits = rows · vocabulary with rows =
///                2^23 / vocabulary, between 16 and 256.
///   program      128 MiB: code and data of the libraries, threads (a rank that trains a model of
///                some kilobytes has 119 MiB resident).
///   checkpoint   4 · T + moments of all ranks: the trained parameters and their moments.
///   snapshot     checkpoint / ranks: a rank's share, copied to be written while training goes on.
///
/// Left out: the data pipeline and what a network transport buffers.
struct MemoryEstimate {
  std::int64_t total_parameters = 0;  ///< of the base and the adapter
  std::int64_t trained_parameters = 0;
  std::uint64_t share_parameters = 0;  ///< S: of them, those that this rank updates
  std::uint64_t weight_bytes = 0;
  std::uint64_t gradient_bytes = 0;
  std::uint64_t moment_bytes = 0;
  std::uint64_t activation_bytes = 0;
  std::uint64_t statistics_bytes = 0;  ///< of them, layers · (heads + 2) and the ranks of LoRA
  std::uint64_t program_bytes = 0;
  std::uint64_t snapshot_bytes = 0;
  std::uint64_t checkpoint_bytes = 0;

  /// Memory of a rank: all but the checkpoint.
  std::uint64_t total_bytes() const;
};

/// The most tokens a slot can get: ceil(samples / slots) samples of data.max_length. Dealing evens
/// slots out, so a typical step stays well below.
std::int64_t most_slot_tokens(const recipe::Recipe& recipe);

/// UserError as resolve_lora_targets.
MemoryEstimate estimate_memory(const ModelConfig& config, const recipe::Recipe& recipe,
                               const RankLoad& load);

}  // namespace temper::model
