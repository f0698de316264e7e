#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/model/memory_estimate.h"
#include "core/model/model_config.h"
#include "core/recipe/recipe.h"

namespace temper::model {

/// A GPU of the clouds: what CUDA reports as its memory, rounded down, and the peak of its tensor
/// cores in bf16 without sparsity (NVIDIA's data sheets).
struct GpuKind {
  std::string_view name;  ///< "A100-80"
  std::uint64_t memory_bytes = 0;
  double bf16_teraflops = 0;
};

/// L4, A100 (40 and 80 GB), H100 (SXM), H200, B200.
std::span<const GpuKind> common_gpus();

/// What the work of one rank, which has a GPU of its own, depends on.
struct GpuLoad {
  std::int64_t num_ranks = 1;
  std::int64_t slot_tokens = 0;          ///< of the longest slot
  double sample_tokens = 0;              ///< mean length of a sample: how far attention looks
  double trained_share = 1;              ///< of tokens: only theirs pass the head
  std::uint64_t stage_bytes = 64 << 20;  ///< of each of NCCL's two (open_nccl.h)
};

/// Memory of one rank on its GPU. With P parameters of the base, T trained ones, in bytes:
///
///   weights        2 · P: bf16 to compute with
///   masters        4 · S, what is updated, and with an adapter 2 · T, its bf16 copy
///   gradients      as memory_estimate.h, one slot at a time
///   moments        as memory_estimate.h: 8 · S, less with `moments: 8bit`
///   activations    of one slot: half of memory_estimate.h's, as they are bf16, under its `memory`
///                  policies; the loss's logits, which stay fp32, whole
///   communication  2 · stage_bytes; 0 for one rank
///   context        768 MiB: CUDA's context, the libraries' code and cuBLAS's workspaces
///
/// S = T with an adapter; when all weights are trained, the share that a rank updates
/// (memory_estimate.h), about 1/R of them on R ranks: ZeRO stage 1.
struct GpuMemory {
  std::uint64_t weight_bytes = 0;
  std::uint64_t master_bytes = 0;
  std::uint64_t gradient_bytes = 0;
  std::uint64_t moment_bytes = 0;
  std::uint64_t activation_bytes = 0;
  std::uint64_t communication_bytes = 0;
  std::uint64_t context_bytes = 0;

  /// All but the activations.
  std::uint64_t fixed_bytes() const;
};

/// How the work fits a kind of GPU.
struct GpuFit {
  GpuKind gpu;
  /// Slots whose activations fit at once beside the rest, 95 % of the memory used (the allocator
  /// loses some to rounding). 0: the run does not fit.
  std::int64_t num_slots = 0;
  double tokens_per_second = 0;  ///< of one GPU, an estimate: see training_flops()
};

/// An estimate from shapes alone, as there is one for the CPU. UserError as resolve_lora_targets.
GpuMemory estimate_gpu_memory(const ModelConfig& config, const recipe::Recipe& recipe,
                              const GpuLoad& load);

/// Floating-point operations for one token. With N weights of linear modules, T trained numbers and
/// layers of q = heads · head_size:
///
///   linear     4 · N with an adapter: forward, and backward into the activations; 6 · N when all
///              weights are trained. The head counts by trained_share.
///   adapter    6 · T
///   attention  7 · layers · q · sample_tokens: scores and values are 2 · 2 · q · sample_tokens / 2
///              forward (half is masked), and 2.5 times that backward (FlashAttention 2, section 3)
///   recompute  with `memory: low` gate and up of every second layer once more
double training_flops(const ModelConfig& config, const recipe::Recipe& recipe, const GpuLoad& load);

/// Part of the peak that published bf16 trainings reach: 33 to 50 % (docs/gpu.md).
inline constexpr double kAssumedUse = 0.4;

/// One entry a GPU of common_gpus(): tokens_per_second = kAssumedUse · peak / training_flops().
std::vector<GpuFit> fit_gpus(const ModelConfig& config, const recipe::Recipe& recipe,
                             const GpuLoad& load);

}  // namespace temper::model
