#pragma once

#include <cstddef>
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

/// Memory of one rank with a GPU (docs/decisions/0016). With P parameters of the base, T trained
/// ones and b bytes of a number (2: bf16, or 4 with `dtype: fp32` or `tf32`), in bytes on the GPU:
///
///   weights        b · P with an adapter; 0 when all weights are trained
///   trained        4 · T: fp32 copies of the parameters, which slots are computed with
///   gradient       4 · T: of the slot that is computed; 8 · T up to 2 GiB, so that the GPU goes on
///                  with the next slot while one's gradient is copied down
///   activations    of one slot: memory_estimate.h's with one worker, under its `memory` policies,
///                  with b bytes a number but for the statistics, which are fp32
///   workspace      what operators hold for a moment, the largest of: 24 · slot_tokens ·
///                  intermediate (SwiGLU backward), 4 · (ceil(148 / heads) + 6) · slot_tokens · q
///                  (attention backward: as many sums of dq as there are blocks of threads for a
///                  head, to have an order), 3 times the loss's logits and, in bf16 when all
///                  weights are trained, 2 · the largest of them, rounded; and with dropout 4 ·
///                  slot_tokens · intermediate beside it, a module's input
///   communication  2 · stage_bytes; 0 for one rank
///   context        768 MiB: CUDA's context, the libraries' code and cuBLAS's workspaces
///
/// and in the machine's own memory: 4 · T + memory_estimate.h's gradients and moments. The master
/// parameters, the sums over slots and the moments are there.
struct GpuMemory {
  std::uint64_t weight_bytes = 0;
  std::uint64_t trained_bytes = 0;
  std::uint64_t gradient_bytes = 0;
  std::uint64_t activation_bytes = 0;
  std::uint64_t workspace_bytes = 0;
  std::uint64_t communication_bytes = 0;
  std::uint64_t context_bytes = 0;
  std::uint64_t host_bytes = 0;  ///< not of the GPU

  /// On the GPU, all but the activations.
  std::uint64_t fixed_bytes() const;
};

/// How many slots' gradients, of so many numbers, a device keeps: taken in turn.
std::size_t num_device_gradients(std::size_t num_trained);

/// How the work fits a kind of GPU.
struct GpuFit {
  GpuKind gpu;
  /// Slots of this length whose activations would fit at once beside the rest, 95 % of the memory
  /// used (the allocator loses some to rounding); one is computed at a time. 0: the run does not
  /// fit.
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
