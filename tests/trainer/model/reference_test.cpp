// Numbers equal to Transformers' and PEFT's, on eight tiny models in the shapes of the big ones.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/trainer/model/reference_case.h"
#include "trainer/model/initialize.h"
#include "trainer/model/llama.h"

namespace temper::model {
namespace {

using testing::ReferenceCase;
using testing::relative_difference;

constexpr std::int64_t kMaxLength = 128;

class ReferenceTest : public ::testing::TestWithParam<std::string> {
 protected:
  ReferenceTest() : case_(GetParam()), kernels_(make_cpu_kernels()) { on_slot_worker_thread(); }

  void expect_logits(const LlamaModel& model, const float* parameters, const std::string& prefix) {
    for (int sample = 0; sample < 3; ++sample) {
      const auto logits = model.logits(*kernels_, case_.pack({sample}), parameters, workspace_);
      const auto expected = case_.floats(fmt::format("{}.logits.{}", prefix, sample));
      EXPECT_LT(relative_difference(logits, expected), 1e-4) << prefix << " sample " << sample;
    }
  }

  ReferenceCase case_;
  std::unique_ptr<Kernels> kernels_;
  SlotWorkspace workspace_;
};

TEST_P(ReferenceTest, LogitsEqualTransformersWithoutAdapter) {
  const auto frozen = LlamaModel::with_lora(case_.base(), {}, 0, kMaxLength);
  expect_logits(*frozen, nullptr, "base");
  const auto trained = LlamaModel::fully_trained(case_.base().config(), kMaxLength);
  FloatBuffer parameters(trained->layout().size());
  load_pretrained(trained->layout(), case_.base(), parameters.span());
  expect_logits(*trained, parameters.data(), "base");
}

TEST_P(ReferenceTest, LogitsEqualPeftWithAdapter) {
  const auto model = LlamaModel::with_lora(case_.base(), case_.targets(), 0, kMaxLength);
  const FloatBuffer parameters = case_.lora_values("lora.weight.", model->layout());
  expect_logits(*model, parameters.data(), "lora");
}

TEST_P(ReferenceTest, PackedLossAndLoraGradientsEqualPeft) {
  const auto model = LlamaModel::with_lora(case_.base(), case_.targets(), 0, kMaxLength);
  const FloatBuffer parameters = case_.lora_values("lora.weight.", model->layout());
  FloatBuffer gradient = FloatBuffer::zeros(model->layout().size());
  const PackedSequences packed = case_.pack({0, 1, 2});
  const LossResult result = model->loss_and_gradient(*kernels_, packed, parameters.data(),
                                                     gradient.data(), {}, workspace_);

  EXPECT_EQ(result.num_trained, case_.num_trained(0) + case_.num_trained(1) + case_.num_trained(2));
  const double expected_loss = case_.doubles("lora.loss_sum").at(0);
  EXPECT_NEAR(result.loss_sum, expected_loss, 1e-5 * expected_loss);
  EXPECT_EQ(model->loss(*kernels_, packed, parameters.data(), workspace_).num_trained,
            result.num_trained);
  EXPECT_NEAR(model->loss(*kernels_, packed, parameters.data(), workspace_).loss_sum, expected_loss,
              1e-5 * expected_loss);
  for (const TrainedTensor& tensor : model->layout().tensors()) {
    EXPECT_LT(relative_difference(gradient.span().subspan(tensor.offset, tensor.size),
                                  case_.floats("lora.gradient.base_model.model." + tensor.name)),
              1e-4)
        << tensor.name;
  }
}

TEST_P(ReferenceTest, FullGradientsEqualTransformers) {
  if (!case_.has("full.gradient.model.norm.weight")) {
    return;  // stored for two of the cases only
  }
  const auto model = LlamaModel::fully_trained(case_.base().config(), kMaxLength);
  FloatBuffer parameters(model->layout().size());
  load_pretrained(model->layout(), case_.base(), parameters.span());
  FloatBuffer gradient = FloatBuffer::zeros(model->layout().size());
  const LossResult result = model->loss_and_gradient(
      *kernels_, case_.pack({0, 1, 2}), parameters.data(), gradient.data(), {}, workspace_);
  const double expected_loss = case_.doubles("base.loss_sum").at(0);
  EXPECT_NEAR(result.loss_sum, expected_loss, 1e-5 * expected_loss);
  for (const TrainedTensor& tensor : model->layout().tensors()) {
    EXPECT_LT(relative_difference(gradient.span().subspan(tensor.offset, tensor.size),
                                  case_.floats("full.gradient." + tensor.name)),
              1e-4)
        << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, ReferenceTest, ::testing::ValuesIn(ReferenceCase::names()),
                         testing::name_of_case);

}  // namespace
}  // namespace temper::model
