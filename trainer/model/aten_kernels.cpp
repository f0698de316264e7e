#include "trainer/model/aten_kernels.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>

#include <algorithm>
#include <vector>

#include "trainer/device/device_report.h"
#include "trainer/model/aten_views.h"
#include "trainer/model/fused_attention.h"

namespace temper::model {
namespace {

/// The numbers of most of a product's matrices: those that it is taken in.
at::ScalarType product_type(const at::Tensor& a, const at::Tensor& b, const at::Tensor& out) {
  const auto is_bf16 = [](const at::Tensor& x) { return x.scalar_type() == at::kBFloat16 ? 1 : 0; };
  return is_bf16(a) + is_bf16(b) + is_bf16(out) >= 2 ? at::kBFloat16 : at::kFloat;
}

class AtenKernels final : public Kernels {
 public:
  explicit AtenKernels(const AtenSettings& settings,
                       std::unique_ptr<device::DeviceMemory> memory = nullptr)
      : memory_(std::move(memory)), settings_(settings) {}

  Placement placement() const override {
    return {settings_.memory, settings_.numbers == Numbers::kBFloat16};
  }

  void linear(ConstMatrix x, ConstMatrix weight, const float* bias, Matrix y,
              Accumulate accumulate) const override {
    const at::Tensor out = tensor(y);
    const at::ScalarType type = product_type(tensor(x), tensor(weight), out);
    const at::Tensor a = tensor(x).to(type);
    const at::Tensor b = tensor(weight).to(type).t();
    if (bias == nullptr) {
      store(at::matmul(a, b), out, accumulate, 1);
    } else if (type == at::kFloat) {
      store(at::matmul(a, b), out, accumulate, 1);
      out.add_(view(settings_, bias, y.columns));
    } else {  // product and bias are rounded as one
      store(at::addmm(view(settings_, bias, y.columns).to(type), a, b), out, accumulate, 1);
    }
  }
  /// LoRA's part of y: as in PEFT it is rounded only when it has been added.
  void multiply_transposed(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                           float alpha) const override {
    const at::Tensor out = tensor(c);
    store(product(tensor(a), tensor(b).t(), out), out, accumulate, alpha);
  }
  void multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                float alpha) const override {
    const at::Tensor out = tensor(c);
    store(as_stored(product(tensor(a), tensor(b), out), out), out, accumulate, alpha);
  }
  void transposed_multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                           float alpha) const override {
    const at::Tensor out = tensor(c);
    store(product(tensor(a).t(), tensor(b), out), out, accumulate, alpha);
  }

  void rms_norm(ConstMatrix x, const float* weight, float epsilon, Matrix out,
                float* inverse_rms) const override {
    const at::Tensor values = wide(tensor(x));
    const at::Tensor to = tensor(out);
    const at::Tensor inverse = at::rsqrt(values.square().mean(1) + epsilon);
    view(settings_, inverse_rms, x.rows).copy_(inverse);
    to.copy_(as_stored(values * inverse.unsqueeze(1), to) *
             as_stored(view(settings_, weight, x.columns), to));
  }

  void rms_norm_backward(ConstMatrix grad_out, ConstMatrix x, const float* weight,
                         const float* inverse_rms, Matrix grad_x,
                         float* grad_weight) const override {
    const at::Tensor values = wide(tensor(x));
    const at::Tensor grad = tensor(grad_out);
    const at::Tensor to = tensor(grad_x);
    const at::Tensor inverse = view(settings_, inverse_rms, x.rows).unsqueeze(1);
    const at::Tensor weighted = wide(grad * as_stored(view(settings_, weight, x.columns), grad));
    const at::Tensor dot = (weighted * values).sum(1, /*keepdim=*/true);
    to.add_(as_stored(weighted * inverse - values * (inverse.pow(3) * dot / x.columns), to));
    if (grad_weight != nullptr) {
      view(settings_, grad_weight, x.columns).add_((grad * values * inverse).sum(0));
    }
  }

  void rotate(Matrix x, SequenceOffsets offsets, std::int64_t head_size, const float* cosine,
              const float* sine, float direction) const override {
    const std::int64_t half = head_size / 2;
    std::vector<std::int32_t> positions;
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      for (std::int32_t t = 0; t < offsets[i + 1] - offsets[i]; ++t) {
        positions.push_back(t);
      }
    }
    const std::int64_t longest = 1 + *std::max_element(positions.begin(), positions.end());
    const at::Tensor rows = indices(settings_, positions);
    const at::Tensor heads = tensor(x).unflatten(1, {x.columns / head_size, head_size});
    const auto angles = [&](const float* values) {
      const at::Tensor table = tensor(matrix(values, longest, half));
      return as_stored(table.index_select(0, rows).unsqueeze(1), heads);
    };
    const at::Tensor c = angles(cosine);
    const at::Tensor s = angles(sine) * direction;
    const at::Tensor first = heads.narrow(2, 0, half).clone();
    const at::Tensor second = heads.narrow(2, half, half).clone();
    heads.narrow(2, 0, half).copy_(first * c - second * s);
    heads.narrow(2, half, half).copy_(second * c + first * s);
  }

  void swiglu(ConstMatrix gate_up, Matrix out) const override {
    const at::Tensor gate = tensor(gate_up.columns_from(0, out.columns));
    tensor(out).copy_(at::silu(gate) * tensor(gate_up.columns_from(out.columns, out.columns)));
  }

  void swiglu_backward(ConstMatrix grad_out, Matrix gate_up) const override {
    const at::Tensor gate = tensor(gate_up.columns_from(0, grad_out.columns));
    const at::Tensor up = tensor(gate_up.columns_from(grad_out.columns, grad_out.columns));
    const at::Tensor grad = tensor(grad_out);
    const at::Tensor values = wide(gate);
    const at::Tensor sigmoid = at::sigmoid(values);
    const at::Tensor grad_gate = grad * up * (sigmoid * (1 + values * (1 - sigmoid)));
    // In bf16 the forward pass rounded silu(gate) before it multiplied.
    up.copy_(placement().bf16 ? grad * at::silu(gate) : grad * gate * sigmoid);
    gate.copy_(grad_gate);
  }

  void attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, HeadLayout heads,
                 SequenceOffsets offsets, Matrix out, float* log_sum_exp) const override {
    const auto compute = fuses_attention(settings_, heads) ? fused_attention : aten_attention;
    compute(settings_, q, k, v, heads, offsets, out, log_sum_exp);
  }
  void attention_backward(ConstMatrix grad_out, ConstMatrix q, ConstMatrix k, ConstMatrix v,
                          ConstMatrix out, const float* log_sum_exp, HeadLayout heads,
                          SequenceOffsets offsets, AttentionGradients gradients) const override {
    const auto compute =
        fuses_attention(settings_, heads) ? fused_attention_backward : aten_attention_backward;
    compute(settings_, grad_out, q, k, v, out, log_sum_exp, heads, offsets, gradients);
  }
  double cross_entropy(Matrix logits, std::span<const std::int32_t> targets, const LossTerms& terms,
                       bool keep_logits) const override {
    return aten_cross_entropy(settings_, logits, targets, terms, keep_logits);
  }

  void add(ConstMatrix x, Matrix y) const override { tensor(y).add_(tensor(x)); }
  void add_column_sums(ConstMatrix x, float* sums) const override {
    view(settings_, sums, x.columns).add_(wide(tensor(x)).sum(0));
  }

  void dropout(ConstMatrix x, const DropoutKey& key, Matrix out,
               Accumulate accumulate) const override {
    aten_dropout(settings_, x, key, out, accumulate);
  }

  void gather_rows(ConstMatrix table, std::span<const std::int32_t> ids,
                   Matrix out) const override {
    tensor(out).copy_(tensor(table).index_select(0, indices(settings_, ids)));
  }
  void scatter_add_rows(ConstMatrix rows, std::span<const std::int32_t> ids,
                        Matrix table) const override {
    const at::Tensor to = tensor(table);
    to.index_add_(0, indices(settings_, ids), as_stored(tensor(rows), to));
  }

 private:
  at::Tensor tensor(ConstMatrix matrix) const { return view(settings_, matrix); }
  at::Tensor tensor(Matrix matrix) const { return view(settings_, matrix); }

  static at::Tensor product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& out) {
    const at::ScalarType type = product_type(a, b, out);
    return at::matmul(a.to(type), b.to(type));
  }

  static void store(const at::Tensor& value, const at::Tensor& to, Accumulate accumulate,
                    float alpha) {
    if (accumulate == Accumulate::kYes) {
      to.add_(value, alpha);
    } else {
      to.copy_(value * alpha);
    }
  }

  std::unique_ptr<device::DeviceMemory> memory_;  // nullptr: somebody else's
  AtenSettings settings_;
};

/// Process-wide settings of LibTorch; cuBLAS has one of the environment beside them.
void make_gpus_deterministic(Numbers numbers) {
  at::Context& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/false);
  context.setDeterministicFillUninitializedMemory(false);
  context.setFloat32MatmulPrecision(matmul_precision(numbers));
  context.setAllowBF16ReductionCuBLAS(false);
}

}  // namespace

const char* matmul_precision(Numbers numbers) {
  return numbers == Numbers::kTensorFloat32 ? "high" : "highest";
}

std::unique_ptr<Kernels> make_aten_kernels(const AtenSettings& settings) {
  return std::make_unique<AtenKernels>(settings);
}

std::unique_ptr<Kernels> make_gpu_kernels(int gpu, Numbers numbers) {
  std::unique_ptr<device::DeviceMemory> memory = device::open_gpu_memory(gpu);
  make_gpus_deterministic(numbers);
  const int major = device::report_devices().gpus.at(static_cast<std::size_t>(gpu)).major;
  const AtenSettings settings{memory.get(), numbers, attention_method(numbers, major)};
  return std::make_unique<AtenKernels>(settings, std::move(memory));
}

}  // namespace temper::model
