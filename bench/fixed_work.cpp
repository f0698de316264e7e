// The trainer's loops on fixed inputs, each once, for instruction counts under callgrind
// (bench/instruction_counts.py).

#include <valgrind/callgrind.h>

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "trainer/comm/single_communicator.h"
#include "trainer/model/kernels.h"
#include "trainer/model/rope.h"
#include "trainer/train/optimizer.h"

namespace {

using namespace temper;
using model::ConstMatrix;
using model::Matrix;

constexpr std::int64_t kTokens = 512;
constexpr std::int64_t kHidden = 576;
constexpr std::int64_t kIntermediate = 1536;
constexpr std::int64_t kVocabulary = 4096;
constexpr model::HeadLayout kHeads{.num_heads = 9, .num_kv_heads = 3, .head_size = 64};
constexpr std::int64_t kKeyColumns = kHeads.num_kv_heads * kHeads.head_size;

// A matrix of its own on a cache line, filled with the same numbers in every run.
class Filled {
 public:
  Filled(std::int64_t rows, std::int64_t columns)
      : buffer_(static_cast<std::size_t>(rows * columns)),
        view_(model::matrix(buffer_.data(), rows, columns)) {
    std::mt19937 random(1);
    for (float& value : buffer_.span()) {
      value = static_cast<float>(random() % 2001) / 1000 - 1;
    }
  }
  operator Matrix() const { return view_; }       // NOLINT(google-explicit-constructor)
  operator ConstMatrix() const { return view_; }  // NOLINT(google-explicit-constructor)
  float* data() const { return view_.data; }
  model::FloatBuffer& buffer() { return buffer_; }

 private:
  model::FloatBuffer buffer_;
  Matrix view_;
};

struct Inputs {
  std::unique_ptr<model::Kernels> kernels = model::make_cpu_kernels();
  std::vector<std::int32_t> offsets = {0, 100, 356, kTokens};
  Filled hidden{kTokens, kHidden}, other{kTokens, kHidden}, gradient{kTokens, kHidden};
  Filled weight{1, kHidden}, inverse_rms{1, kTokens};
  Filled gate_up{kTokens, 2 * kIntermediate}, intermediate{kTokens, kIntermediate};
  Filled key{kTokens, kKeyColumns}, value{kTokens, kKeyColumns};
  Filled key_gradient{kTokens, kKeyColumns}, value_gradient{kTokens, kKeyColumns};
  Filled log_sum_exp{kTokens, kHeads.num_heads};
  Filled cosine{kTokens, kHeads.head_size / 2}, sine{kTokens, kHeads.head_size / 2};
  Filled logits{64, kVocabulary};
  std::vector<std::int32_t> targets = std::vector<std::int32_t>(64, 7);
};

// The optimizer over one tensor of 2^18 numbers.
struct OptimizerInputs {
  explicit OptimizerInputs(recipe::MomentFormat format)
      : layout(one_tensor()), optimizer(with(format), layout) {}

  static model::ParameterLayout one_tensor() {
    model::ParameterLayout layout;
    layout.begin_group();
    layout.add("weight", {512, 512}, true);
    return layout;
  }
  static recipe::Optimizer with(recipe::MomentFormat format) {
    recipe::Optimizer options;
    options.moments = format;
    return options;
  }

  model::ParameterLayout layout;
  train::AdamW optimizer;
  train::SlotWorkers workers{1};
  Filled parameters{512, 512}, gradient{512, 512};
};

template <class Work>
void measure(const char* name, const Work& work) {
  CALLGRIND_ZERO_STATS;
  work();
  CALLGRIND_DUMP_STATS_AT(name);
}

void measure_kernels() {
  const Inputs in;
  const Filled query_gradient(kTokens, kHidden);
  const model::Kernels& kernels = *in.kernels;
  measure("rms_norm", [&] {
    kernels.rms_norm(in.hidden, in.weight.data(), 1e-5F, in.other, in.inverse_rms.data());
  });
  measure("rms_norm_backward", [&] {
    kernels.rms_norm_backward(in.gradient, in.hidden, in.weight.data(), in.inverse_rms.data(),
                              in.other, nullptr);
  });
  measure("rotate", [&] {
    kernels.rotate(in.other, in.offsets, kHeads.head_size, in.cosine.data(), in.sine.data(), 1);
  });
  measure("swiglu", [&] { kernels.swiglu(in.gate_up, in.intermediate); });
  measure("swiglu_backward", [&] { kernels.swiglu_backward(in.intermediate, in.gate_up); });
  const auto attend = [&] {
    kernels.attention(in.hidden, in.key, in.value, kHeads, in.offsets, in.other,
                      in.log_sum_exp.data());
  };
  attend();  // BLAS prepares itself in its first call
  measure("attention", attend);
  measure("attention_backward", [&] {
    kernels.attention_backward(in.gradient, in.hidden, in.key, in.value, in.other,
                               in.log_sum_exp.data(), kHeads, in.offsets,
                               {query_gradient, in.key_gradient, in.value_gradient});
  });
  measure("cross_entropy", [&] { kernels.cross_entropy(in.logits, in.targets, {}, false); });
  measure("add", [&] { kernels.add(in.hidden, in.gradient); });
}

void measure_optimizer(const char* name, recipe::MomentFormat format) {
  OptimizerInputs in(format);
  measure(name, [&] {
    in.optimizer.step(in.parameters.buffer().span(), in.gradient.buffer().span(), 1, 1e-3, 1,
                      in.workers);
  });
}

void measure_gradient_norm() {
  OptimizerInputs in(recipe::MomentFormat::kFp32);
  comm::SingleCommunicator alone;
  measure("gradient_norm",
          [&] { in.optimizer.gradient_norm(in.gradient.buffer().span(), 1, in.workers, alone); });
}

}  // namespace

int main() {
  model::on_slot_worker_thread();
  measure_kernels();
  measure_optimizer("adamw", recipe::MomentFormat::kFp32);
  measure_optimizer("adamw_8bit", recipe::MomentFormat::k8bit);
  measure_gradient_norm();
}
