// The whole model over ATen's operators against Transformers and PEFT: what a GPU computes, here on
// the CPU.

#include <gtest/gtest.h>

#include "tests/trainer/model/reference_case.h"
#include "trainer/model/aten_kernels.h"
#include "trainer/model/llama.h"

namespace temper::model {
namespace {

using testing::ReferenceCase;
using testing::relative_difference;

class AtenReferenceTest : public ::testing::TestWithParam<std::string> {
 protected:
  AtenReferenceTest() : case_(GetParam()) { on_slot_worker_thread(); }

  /// What the largest differences may be, relative to the largest number.
  struct Bounds {
    double loss, gradient;
  };

  void expect_training(ProductType products, const Bounds& bounds) {
    const auto kernels = make_aten_kernels({.products = products});
    const auto model = LlamaModel::with_lora(case_.base(), case_.targets(), 0, 128);
    const FloatBuffer parameters = case_.lora_values("lora.weight.", model->layout());
    FloatBuffer gradient = FloatBuffer::zeros(model->layout().size());
    SlotWorkspace workspace;
    const LossResult result = model->loss_and_gradient(
        *kernels, case_.pack({0, 1, 2}), parameters.data(), gradient.data(), {}, workspace);
    const double expected = case_.doubles("lora.loss_sum").at(0);
    EXPECT_NEAR(result.loss_sum, expected, bounds.loss * expected);
    const FloatBuffer gradients = case_.lora_values("lora.gradient.", model->layout());
    EXPECT_LT(relative_difference(gradient.span(), gradients.span()), bounds.gradient);
  }

  ReferenceCase case_;
};

TEST_P(AtenReferenceTest, TrainsAsPeftInFp32) {
  expect_training(ProductType::kFloat32, {.loss = 1e-5, .gradient = 1e-5});
}

// bf16 has eight bits: a rounding is 0.4 %. Gradients pass through twice as many products as the
// loss and come 2.7 % close at worst.
TEST_P(AtenReferenceTest, TrainsNearPeftWithBf16Products) {
  expect_training(ProductType::kBFloat16, {.loss = 1e-2, .gradient = 4e-2});
}

INSTANTIATE_TEST_SUITE_P(Cases, AtenReferenceTest, ::testing::ValuesIn(ReferenceCase::names()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace temper::model
