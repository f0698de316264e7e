#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <span>

#include "core/base/random.h"
#include "trainer/device/device_memory.h"
#include "trainer/model/matrix.h"

namespace temper::model {

/// Several sequences end to end: sequence i is rows [offsets[i], offsets[i + 1]).
using SequenceOffsets = std::span<const std::int32_t>;

/// Heads of an attention layer; query head h reads key-value head h / (num_heads / num_kv_heads).
struct HeadLayout {
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t head_size = 0;
  std::int64_t window = 0;  ///< a query sees itself and window − 1 tokens before it; 0: all
};

enum class Accumulate { kNo, kYes };

/// Which elements of a matrix dropout keeps: a pure function of key and element, so the backward
/// pass draws the same again.
struct DropoutKey {
  Philox generator;
  std::uint64_t stream = 0;
  float probability = 0;
};

/// What is added to the cross-entropy of a row with softmax p and Z = Σ e^logit.
struct LossTerms {
  float label_smoothing = 0;  ///< ε of a target's probability goes evenly to all classes (Szegedy
                              ///< et al. 2015, section 7), as torch's cross_entropy has it
  float z_loss = 0;           ///< its weight times log²(Z) is added (PaLM, section 5)
};

/// Where kernels compute, and in which numbers they want activations and frozen matrices stored.
struct Placement {
  device::DeviceMemory* memory = &device::host_memory();  ///< of all matrices; outlives the kernels
  bool bf16 = false;                                      ///< else fp32
};

/// The arithmetic of a block, on one thread or one stream: the seam between model and device. Every
/// method is deterministic for given shapes and alignment, and thread-safe. Floats
/// and matrices are in placement().memory; spans are in this process's. Activations, their
/// gradients and frozen matrices are stored as placement() says; what is trained and its gradients,
/// and what LoRA's A gives, are fp32. A product is taken in the numbers of most of its three
/// matrices, with fp32 sums. `backward` methods compute exact gradients of their forward; T is the
/// number of tokens of a slot.
class Kernels {
 public:
  virtual ~Kernels() = default;

  virtual Placement placement() const { return {}; }
  device::DeviceMemory& memory() const { return *placement().memory; }

  /// y (+)= x · weightᵀ + bias. x [m, k], weight [n, k], bias [n] (nullptr: none), y [m, n].
  virtual void linear(ConstMatrix x, ConstMatrix weight, const float* bias, Matrix y,
                      Accumulate accumulate) const = 0;
  /// c (+)= alpha · a · bᵀ. a [m, k], b [n, k], c [m, n].
  virtual void multiply_transposed(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                                   float alpha = 1) const = 0;
  /// c (+)= alpha · a · b. a [m, k], b [k, n]: the gradient of the input.
  virtual void multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                        float alpha = 1) const = 0;
  /// c (+)= alpha · aᵀ · b. a [k, m], b [k, n]: the gradient of the weight.
  virtual void transposed_multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                                   float alpha = 1) const = 0;

  /// out = x · rsqrt(mean(x²) + epsilon) · weight, row by row; inverse_rms [T] is kept for
  /// backward.
  virtual void rms_norm(ConstMatrix x, const float* weight, float epsilon, Matrix out,
                        float* inverse_rms) const = 0;
  /// grad_x += …; grad_weight (nullptr: not needed) += ….
  virtual void rms_norm_backward(ConstMatrix grad_out, ConstMatrix x, const float* weight,
                                 const float* inverse_rms, Matrix grad_x,
                                 float* grad_weight) const = 0;

  /// Rotates x [T, heads · head_size] in place by the position inside its sequence; cosine and sine
  /// are [max_length, head_size / 2]. direction −1 undoes it (backward).
  virtual void rotate(Matrix x, SequenceOffsets offsets, std::int64_t head_size,
                      const float* cosine, const float* sine, float direction) const = 0;

  /// out = silu(gate) · up; gate_up [T, 2 · intermediate], gate first.
  virtual void swiglu(ConstMatrix gate_up, Matrix out) const = 0;
  /// Replaces gate_up by its gradient.
  virtual void swiglu_backward(ConstMatrix grad_out, Matrix gate_up) const = 0;

  /// Causal attention inside each sequence. q [T, heads · size], k and v [T, kv_heads · size], out
  /// as q; log_sum_exp [T, heads] is kept for backward.
  virtual void attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, HeadLayout heads,
                         SequenceOffsets offsets, Matrix out, float* log_sum_exp) const = 0;
  /// Overwrites grad_q, grad_k, grad_v.
  struct AttentionGradients {
    Matrix q, k, v;
  };
  virtual void attention_backward(ConstMatrix grad_out, ConstMatrix q, ConstMatrix k, ConstMatrix v,
                                  ConstMatrix out, const float* log_sum_exp, HeadLayout heads,
                                  SequenceOffsets offsets, AttentionGradients gradients) const = 0;

  /// Sum over rows of −log softmax(logits)[target], with `terms`; logits become the gradient unless
  /// `keep_logits`.
  virtual double cross_entropy(Matrix logits, std::span<const std::int32_t> targets,
                               const LossTerms& terms, bool keep_logits) const = 0;

  /// y += x.
  virtual void add(ConstMatrix x, Matrix y) const = 0;
  /// sums [columns] += the column sums of x: the gradient of a bias.
  virtual void add_column_sums(ConstMatrix x, float* sums) const = 0;
  /// out = x ∘ mask / (1 − p), or out += … .
  virtual void dropout(ConstMatrix x, const DropoutKey& key, Matrix out,
                       Accumulate accumulate) const = 0;

  /// out[t] = table[ids[t]].
  virtual void gather_rows(ConstMatrix table, std::span<const std::int32_t> ids,
                           Matrix out) const = 0;
  /// table[ids[t]] += rows[t], in order of t.
  virtual void scatter_add_rows(ConstMatrix rows, std::span<const std::int32_t> ids,
                                Matrix table) const = 0;
};

class PartRunner;

/// Kernels for this processor: BLAS of LibTorch's wheel, the rest vectorised loops. Call
/// on_slot_worker_thread() once in every thread that uses them. `runner`, which outlives them,
/// finds help for what is long; nullptr: each call is one thread's work.
std::unique_ptr<Kernels> make_cpu_kernels(PartRunner* runner = nullptr);

/// Whether memory ran out: of this process, or (LibTorch's error) of the GPU.
bool is_out_of_memory(const std::exception& error);

/// Switches off intra-operator parallelism for the calling thread: a slot is one thread's work.
void on_slot_worker_thread();

}  // namespace temper::model
