// The whole model over ATen's operators against Transformers and PEFT: what a GPU computes, here on
// the CPU.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/trainer/model/reference_case.h"
#include "trainer/model/aten_kernels.h"
#include "trainer/model/initialize.h"
#include "trainer/model/llama.h"

namespace temper::model {
namespace {

using testing::ReferenceCase;
using testing::relative_difference;

class AtenReferenceTest : public ::testing::TestWithParam<std::string> {
 protected:
  AtenReferenceTest() : case_(GetParam()), bf16_(GetParam(), "bf16.safetensors") {
    on_slot_worker_thread();
  }

  /// Of numbers, relative to the largest.
  struct Difference {
    double loss, gradient;
  };
  static Difference between(const LossResult& loss, const FloatBuffer& gradient,
                            const ReferenceCase& expected, const ParameterLayout& layout) {
    const double expected_loss = expected.doubles("lora.loss_sum").at(0);
    return {std::abs(loss.loss_sum / expected_loss - 1),
            relative_difference(gradient.span(),
                                expected.lora_values("lora.gradient.", layout).span())};
  }

  /// Of what training says, from PEFT's numbers.
  Difference train(Numbers numbers, const ReferenceCase& expected) const {
    const auto kernels = make_aten_kernels({.numbers = numbers});
    const auto model =
        LlamaModel::with_lora(case_.base(), case_.targets(), 0, 128, {}, kernels->placement());
    const FloatBuffer parameters = case_.lora_values("lora.weight.", model->layout());
    FloatBuffer gradient = FloatBuffer::zeros(model->layout().size());
    SlotWorkspace workspace;
    const LossResult loss = model->loss_and_gradient(
        *kernels, case_.pack({0, 1, 2}), parameters.data(), gradient.data(), {}, workspace);
    return between(loss, gradient, expected, model->layout());
  }

  ReferenceCase case_, bf16_;
};

TEST_P(AtenReferenceTest, TrainsAsPeftInFp32) {
  const Difference difference = train(Numbers::kFloat32, case_);
  EXPECT_LT(difference.loss, 1e-5);
  EXPECT_LT(difference.gradient, 1e-5);
}

// bf16 has eight bits: a rounding is 0.4 %, and PEFT's own gradients are 1.0 to 4.5 % off those in
// fp32. That ours are within 1 % of PEFT's takes every rounding at PEFT's place. Four cases are the
// same to seven digits; in the others the last bit of an fp32 sum tips single numbers over.
TEST_P(AtenReferenceTest, TrainsAsPeftInBf16) {
  const Difference difference = train(Numbers::kBFloat16, bf16_);
  EXPECT_LT(difference.loss, 2e-4);
  EXPECT_LT(difference.gradient, 1e-2);
}

// Transformers sums the samples' gradients in bf16; ours have one slot.
TEST_P(AtenReferenceTest, TrainsAllWeightsInBf16AsTransformers) {
  if (!bf16_.has("full.loss_sum")) {
    return;  // stored for two of the cases only
  }
  const auto kernels = make_aten_kernels({.numbers = Numbers::kBFloat16});
  const auto model = LlamaModel::fully_trained(case_.base().config(), 128, kernels->placement());
  const ParameterLayout& layout = model->layout();
  FloatBuffer parameters(layout.size());
  load_pretrained(layout, case_.base(), parameters.span());
  FloatBuffer gradient = FloatBuffer::zeros(layout.size());
  SlotWorkspace workspace;
  const LossResult loss = model->loss_and_gradient(
      *kernels, case_.pack({0, 1, 2}), parameters.data(), gradient.data(), {}, workspace);
  EXPECT_NEAR(loss.loss_sum / bf16_.doubles("full.loss_sum").at(0), 1, 2e-4);
  FloatBuffer expected = FloatBuffer::zeros(layout.size());
  for (const TrainedTensor& tensor : layout.tensors()) {
    std::ranges::copy(bf16_.floats("full.gradient." + tensor.name),
                      expected.data() + tensor.offset);
  }
  EXPECT_LT(relative_difference(gradient.span(), expected.span()), 1e-2);
}

INSTANTIATE_TEST_SUITE_P(Cases, AtenReferenceTest, ::testing::ValuesIn(ReferenceCase::names()),
                         testing::name_of_case);

}  // namespace
}  // namespace temper::model
