// The whole model over ATen's operators against Transformers and PEFT: what a GPU computes, here on
// the CPU.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/trainer/model/reference_case.h"
#include "trainer/model/aten_kernels.h"
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

  /// What training says, from the numbers of PEFT in fp32 and in bf16.
  struct Differences {
    Difference fp32, bf16;
  };
  Differences train(ProductType products) const {
    const auto kernels = make_aten_kernels({.products = products});
    const auto model =
        LlamaModel::with_lora(case_.base(), case_.targets(), 0, 128, {}, kernels->placement());
    const FloatBuffer parameters = case_.lora_values("lora.weight.", model->layout());
    FloatBuffer gradient = FloatBuffer::zeros(model->layout().size());
    SlotWorkspace workspace;
    const LossResult loss = model->loss_and_gradient(
        *kernels, case_.pack({0, 1, 2}), parameters.data(), gradient.data(), {}, workspace);
    return {between(loss, gradient, case_, model->layout()),
            between(loss, gradient, bf16_, model->layout())};
  }

  ReferenceCase case_, bf16_;
};

TEST_P(AtenReferenceTest, TrainsAsPeftInFp32) {
  const Difference difference = train(ProductType::kFloat32).fp32;
  EXPECT_LT(difference.loss, 1e-5);
  EXPECT_LT(difference.gradient, 1e-5);
}

// bf16 has eight bits: a rounding is 0.4 %. PEFT's own gradients with a bf16 base are 1.0 to 4.5 %
// off those in fp32; ours, rounded in other places and fewer of them, are 1.1 to 3.5 % off. So they
// can't agree to 1 %: each is to be as near to the exact ones as the other.
TEST_P(AtenReferenceTest, TrainsInBf16AsExactlyAsPeft) {
  const Differences ours = train(ProductType::kBFloat16);
  EXPECT_LT(ours.bf16.loss, 1e-2);
  EXPECT_LT(ours.bf16.gradient, 4e-2);
  const auto model = LlamaModel::with_lora(case_.base(), case_.targets(), 0, 128);
  const double of_peft =
      relative_difference(bf16_.lora_values("lora.gradient.", model->layout()).span(),
                          case_.lora_values("lora.gradient.", model->layout()).span());
  EXPECT_LT(ours.fp32.gradient, 1.15 * of_peft);
}

INSTANTIATE_TEST_SUITE_P(Cases, AtenReferenceTest, ::testing::ValuesIn(ReferenceCase::names()),
                         testing::name_of_case);

}  // namespace
}  // namespace temper::model
