#include "trainer/model/aten_kernels.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/sum.h>

#include <algorithm>
#include <vector>

#include "trainer/model/aten_views.h"

namespace temper::model {
namespace {

class AtenKernels final : public Kernels {
 public:
  explicit AtenKernels(const AtenSettings& settings,
                       std::unique_ptr<device::DeviceMemory> memory = nullptr)
      : memory_(std::move(memory)), settings_(settings) {}

  Placement placement() const override {
    return {settings_.memory, settings_.products == ProductType::kBFloat16};
  }

  void multiply_transposed(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                           float alpha) const override {
    store(product(settings_, tensor(a), tensor(b).t()), c, accumulate, alpha);
  }
  void multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                float alpha) const override {
    store(product(settings_, tensor(a), tensor(b)), c, accumulate, alpha);
  }
  void transposed_multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                           float alpha) const override {
    store(product(settings_, tensor(a).t(), tensor(b)), c, accumulate, alpha);
  }

  void rms_norm(ConstMatrix x, const float* weight, float epsilon, Matrix out,
                float* inverse_rms) const override {
    const at::Tensor inverse = at::rsqrt(tensor(x).square().mean(1) + epsilon);
    view(settings_, inverse_rms, x.rows).copy_(inverse);
    tensor(out).copy_(tensor(x) * inverse.unsqueeze(1) * view(settings_, weight, x.columns));
  }

  void rms_norm_backward(ConstMatrix grad_out, ConstMatrix x, const float* weight,
                         const float* inverse_rms, Matrix grad_x,
                         float* grad_weight) const override {
    const at::Tensor inverse = view(settings_, inverse_rms, x.rows).unsqueeze(1);
    const at::Tensor weighted = tensor(grad_out) * view(settings_, weight, x.columns);
    const at::Tensor dot = (weighted * tensor(x)).sum(1, /*keepdim=*/true);
    tensor(grad_x).add_(weighted * inverse - tensor(x) * (inverse.pow(3) * dot / x.columns));
    if (grad_weight != nullptr) {
      view(settings_, grad_weight, x.columns).add_((tensor(grad_out) * tensor(x) * inverse).sum(0));
    }
  }

  void rotate(Matrix x, SequenceOffsets offsets, std::int64_t head_size, const float* cosine,
              const float* sine, float direction) const override {
    const std::int64_t half = head_size / 2;
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      const std::int64_t length = offsets[i + 1] - offsets[i];
      const at::Tensor c = tensor(matrix(cosine, length, half)).unsqueeze(1);
      const at::Tensor s = tensor(matrix(sine, length, half)).unsqueeze(1) * direction;
      const at::Tensor heads =
          tensor(x.rows_from(offsets[i], length)).unflatten(1, {x.columns / head_size, head_size});
      const at::Tensor first = heads.narrow(2, 0, half).clone();
      const at::Tensor second = heads.narrow(2, half, half).clone();
      heads.narrow(2, 0, half).copy_(first * c - second * s);
      heads.narrow(2, half, half).copy_(second * c + first * s);
    }
  }

  void swiglu(ConstMatrix gate_up, Matrix out) const override {
    const at::Tensor gate = tensor(gate_up.columns_from(0, out.columns));
    tensor(out).copy_(at::silu(gate) * tensor(gate_up.columns_from(out.columns, out.columns)));
  }

  void swiglu_backward(ConstMatrix grad_out, Matrix gate_up) const override {
    const at::Tensor gate = tensor(gate_up.columns_from(0, grad_out.columns));
    const at::Tensor up = tensor(gate_up.columns_from(grad_out.columns, grad_out.columns));
    const at::Tensor sigmoid = at::sigmoid(gate);
    const at::Tensor grad_gate = tensor(grad_out) * up * (sigmoid * (1 + gate * (1 - sigmoid)));
    up.copy_(tensor(grad_out) * gate * sigmoid);
    gate.copy_(grad_gate);
  }

  void attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, HeadLayout heads,
                 SequenceOffsets offsets, Matrix out, float* log_sum_exp) const override {
    aten_attention(settings_, q, k, v, heads, offsets, out, log_sum_exp);
  }
  void attention_backward(ConstMatrix grad_out, ConstMatrix q, ConstMatrix k, ConstMatrix v,
                          ConstMatrix out, const float* log_sum_exp, HeadLayout heads,
                          SequenceOffsets offsets, AttentionGradients gradients) const override {
    aten_attention_backward(settings_, grad_out, q, k, v, out, log_sum_exp, heads, offsets,
                            gradients);
  }
  double cross_entropy(Matrix logits, std::span<const std::int32_t> targets, const LossTerms& terms,
                       bool keep_logits) const override {
    return aten_cross_entropy(settings_, logits, targets, terms, keep_logits);
  }

  void add(ConstMatrix x, Matrix y) const override { tensor(y).add_(tensor(x)); }
  void add_bias(const float* bias, Matrix y) const override {
    tensor(y).add_(view(settings_, bias, y.columns));
  }
  void add_column_sums(ConstMatrix x, float* sums) const override {
    view(settings_, sums, x.columns).add_(tensor(x).sum(0));
  }

  void dropout(ConstMatrix x, const DropoutKey& key, Matrix out,
               Accumulate accumulate) const override {
    store(tensor(x) * mask(key, x.rows, x.columns), out, accumulate, 1);
  }

  void gather_rows(ConstMatrix table, std::span<const std::int32_t> ids,
                   Matrix out) const override {
    const at::Tensor rows = tensor(table).index_select(0, indices(settings_, ids));
    // A trained table gives what the same table gives when it is frozen.
    tensor(out).copy_(settings_.products == ProductType::kBFloat16 ? rows.to(at::kBFloat16) : rows);
  }
  void scatter_add_rows(ConstMatrix rows, std::span<const std::int32_t> ids,
                        Matrix table) const override {
    tensor(table).index_add_(0, indices(settings_, ids), tensor(rows));
  }

 private:
  at::Tensor tensor(ConstMatrix matrix) const { return view(settings_, matrix); }
  at::Tensor tensor(Matrix matrix) const { return view(settings_, matrix); }

  void store(const at::Tensor& value, Matrix to, Accumulate accumulate, float alpha) const {
    if (accumulate == Accumulate::kYes) {
      tensor(to).add_(value, alpha);
    } else {
      tensor(to).copy_(value * alpha);
    }
  }

  /// 1 / (1 − p) where an element is kept, else 0: the draws of CpuKernels::dropout.
  at::Tensor mask(const DropoutKey& key, std::int64_t rows, std::int64_t columns) const {
    std::vector<float> factors(static_cast<std::size_t>(rows * columns));
    const std::int64_t blocks_per_row = (columns + 3) / 4;
    for (std::int64_t t = 0; t < rows; ++t) {
      for (std::int64_t i = 0; i < columns; ++i) {
        const auto block = static_cast<std::uint64_t>(t * blocks_per_row + i / 4);
        const std::uint32_t word =
            key.generator.block(key.stream, block)[static_cast<std::size_t>(i % 4)];
        const bool keep = uniform01(word) >= key.probability;
        factors[static_cast<std::size_t>(t * columns + i)] =
            keep ? 1.0F / (1.0F - key.probability) : 0.0F;
      }
    }
    const at::Tensor here = at::from_blob(factors.data(), {rows, columns}, at::kFloat);
    return here.to(device_of(settings_), /*non_blocking=*/false, /*copy=*/true);
  }

  std::unique_ptr<device::DeviceMemory> memory_;  // nullptr: somebody else's
  AtenSettings settings_;
};

/// Process-wide settings of LibTorch; cuBLAS has one of the environment beside them.
void make_gpus_deterministic() {
  at::Context& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/false);
  context.setDeterministicFillUninitializedMemory(false);
  context.setFloat32MatmulPrecision("highest");  // no TF32
  context.setAllowBF16ReductionCuBLAS(false);
}

}  // namespace

std::unique_ptr<Kernels> make_aten_kernels(const AtenSettings& settings) {
  return std::make_unique<AtenKernels>(settings);
}

std::unique_ptr<Kernels> make_gpu_kernels(int gpu, ProductType products) {
  std::unique_ptr<device::DeviceMemory> memory = device::open_gpu_memory(gpu);
  make_gpus_deterministic();
  const AtenSettings settings{memory.get(), products};
  return std::make_unique<AtenKernels>(settings, std::move(memory));
}

}  // namespace temper::model
