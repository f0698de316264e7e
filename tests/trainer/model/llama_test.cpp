#include "trainer/model/llama.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/trainer/model/reference_case.h"
#include "trainer/model/initialize.h"

namespace temper::model {
namespace {

using testing::ReferenceCase;

class LlamaTest : public ::testing::Test {
 protected:
  LlamaTest() : case_("smollm2"), kernels_(make_cpu_kernels()) { on_slot_worker_thread(); }

  ReferenceCase case_;
  std::unique_ptr<Kernels> kernels_;
  SlotWorkspace workspace_;
};

TEST_F(LlamaTest, DropoutGradientEqualsFiniteDifferences) {
  const auto model = LlamaModel::with_lora(case_.base(), case_.targets(), 0.3, 128);
  FloatBuffer parameters = case_.lora_values("lora.weight.", model->layout());
  const PackedSequences packed = case_.pack({0, 1});
  const SlotKey key{5, 3, 1};
  FloatBuffer gradient = FloatBuffer::zeros(model->layout().size());
  FloatBuffer unused = FloatBuffer::zeros(model->layout().size());
  model->loss_and_gradient(*kernels_, packed, parameters.data(), gradient.data(), key, workspace_);
  const auto loss_at = [&](std::size_t index, float value) {
    const float before = parameters.data()[index];
    parameters.data()[index] = value;
    const double loss = model
                            ->loss_and_gradient(*kernels_, packed, parameters.data(), unused.data(),
                                                key, workspace_)
                            .loss_sum;
    parameters.data()[index] = before;
    return loss;
  };
  for (const TrainedTensor& tensor : model->layout().tensors()) {
    const std::size_t index = tensor.offset + tensor.size / 2;
    const float x = parameters.data()[index];
    const float h = 0.01F;
    const double difference = (loss_at(index, x + h) - loss_at(index, x - h)) / (2.0 * h);
    EXPECT_NEAR(gradient.data()[index], difference, 0.02 * std::abs(difference) + 0.02)
        << tensor.name;
  }
}

TEST_F(LlamaTest, OverwritesWhateverIsWhereTheGradientGoes) {
  const auto lora = LlamaModel::with_lora(case_.base(), case_.targets(), 0.3, 128);
  const auto full = LlamaModel::fully_trained(case_.base().config(), 128);
  FloatBuffer full_values(full->layout().size());
  load_pretrained(full->layout(), case_.base(), full_values.span());
  const auto check = [&](const LlamaModel& model, const FloatBuffer& values,
                         const std::vector<int>& samples) {
    const auto gradient_over = [&](float before) {
      FloatBuffer gradient = FloatBuffer::zeros(model.layout().size());
      for (const TrainedTensor& tensor : model.layout().tensors()) {
        std::fill_n(gradient.data() + tensor.offset, tensor.size, before);
      }
      model.loss_and_gradient(*kernels_, case_.pack(samples), values.data(), gradient.data(),
                              {5, 3, 1}, workspace_);
      const auto bytes = std::as_bytes(gradient.span());
      return std::vector<std::byte>(bytes.begin(), bytes.end());
    };
    EXPECT_TRUE(gradient_over(0) == gradient_over(std::numeric_limits<float>::quiet_NaN()))
        << samples.size() << " samples";
  };
  for (const std::vector<int>& samples : {std::vector<int>{}, {1}, {0, 1, 2}}) {
    check(*lora, case_.lora_values("lora.weight.", lora->layout()), samples);
    check(*full, full_values, samples);
  }
}

TEST_F(LlamaTest, TheGradientIsTheSameWhateverIsKept) {
  const auto lora = LlamaModel::with_lora(case_.base(), case_.targets(), 0.3, 128);
  const FloatBuffer lora_values = case_.lora_values("lora.weight.", lora->layout());
  const auto full = LlamaModel::fully_trained(case_.base().config(), 128);
  FloatBuffer full_values(full->layout().size());
  load_pretrained(full->layout(), case_.base(), full_values.span());
  const auto bits = [&](const LlamaModel& model, const FloatBuffer& values, recipe::Memory memory) {
    SlotWorkspace workspace;
    workspace.settings.memory = memory;
    FloatBuffer gradient = FloatBuffer::zeros(model.layout().size());
    std::vector<std::byte> all;
    for (const std::vector<int>& samples : {std::vector{0, 1, 2}, std::vector{1}}) {
      model.loss_and_gradient(*kernels_, case_.pack(samples), values.data(), gradient.data(),
                              {5, 3, 1}, workspace);
      const auto bytes = std::as_bytes(gradient.span());
      all.insert(all.end(), bytes.begin(), bytes.end());
    }
    return all;
  };
  for (const recipe::Memory memory : {recipe::Memory::kFast, recipe::Memory::kLow}) {
    EXPECT_TRUE(bits(*lora, lora_values, memory) ==
                bits(*lora, lora_values, recipe::Memory::kBalanced));
    EXPECT_TRUE(bits(*full, full_values, memory) ==
                bits(*full, full_values, recipe::Memory::kBalanced));
  }
}

TEST_F(LlamaTest, DropoutChangesWithStepAndSlotOnly) {
  const auto model = LlamaModel::with_lora(case_.base(), case_.targets(), 0.3, 128);
  const FloatBuffer parameters = case_.lora_values("lora.weight.", model->layout());
  FloatBuffer gradient = FloatBuffer::zeros(model->layout().size());
  const auto loss = [&](SlotKey key) {
    return model
        ->loss_and_gradient(*kernels_, case_.pack({0}), parameters.data(), gradient.data(), key,
                            workspace_)
        .loss_sum;
  };
  EXPECT_EQ(loss({1, 2, 3}), loss({1, 2, 3}));
  EXPECT_NE(loss({1, 2, 3}), loss({1, 2, 4}));
  EXPECT_NE(loss({1, 2, 3}), loss({1, 3, 3}));
  EXPECT_NE(loss({1, 2, 3}), loss({2, 2, 3}));
}

TEST_F(LlamaTest, SamplesOfASlotDoNotSeeEachOther) {
  const auto model = LlamaModel::with_lora(case_.base(), {}, 0, 128);
  const double together =
      model->loss(*kernels_, case_.pack({0, 1, 2}), nullptr, workspace_).loss_sum;
  double apart = 0;
  for (int sample = 0; sample < 3; ++sample) {
    apart += model->loss(*kernels_, case_.pack({sample}), nullptr, workspace_).loss_sum;
  }
  EXPECT_NEAR(together, apart, 1e-5 * apart);
}

TEST_F(LlamaTest, GradientOfAnEmptySlotIsZero) {
  const auto model = LlamaModel::with_lora(case_.base(), case_.targets(), 0, 128);
  const FloatBuffer parameters = case_.lora_values("lora.weight.", model->layout());
  FloatBuffer gradient = FloatBuffer::zeros(model->layout().size());
  const LossResult result = model->loss_and_gradient(
      *kernels_, PackedSequences{}, parameters.data(), gradient.data(), {}, workspace_);
  EXPECT_EQ(result.loss_sum, 0);
  for (const float value : gradient.span()) {
    ASSERT_EQ(value, 0);
  }
}

TEST_F(LlamaTest, GradientBelowTheFirstTrainedLayerIsNotNeeded) {
  std::vector<LoraTarget> upper;
  for (const LoraTarget& target : case_.targets()) {
    if (target.module.starts_with("model.layers.1.")) {
      upper.push_back(target);
    }
  }
  const auto some = LlamaModel::with_lora(case_.base(), upper, 0, 128);
  FloatBuffer parameters = FloatBuffer::zeros(some->layout().size());
  initialize_lora(some->layout(), 1, parameters.span());
  FloatBuffer gradient = FloatBuffer::zeros(some->layout().size());
  some->loss_and_gradient(*kernels_, case_.pack({0}), parameters.data(), gradient.data(), {},
                          workspace_);
  for (const TrainedTensor& tensor : some->layout().tensors()) {
    double squares = 0;
    for (const float value : gradient.span().subspan(tensor.offset, tensor.size)) {
      squares += static_cast<double>(value) * static_cast<double>(value);
    }
    EXPECT_EQ(squares > 0, tensor.name.ends_with("lora_B.weight"))
        << tensor.name;  // B is 0, so dA is 0
  }
}

TEST_F(LlamaTest, RandomWeightsHaveTheConfigsDeviationAndRepeat) {
  const auto model = LlamaModel::fully_trained(case_.base().config(), 128);
  FloatBuffer first(model->layout().size());
  FloatBuffer again(model->layout().size());
  initialize_randomly(model->layout(), case_.base().config(), 7, first.span());
  initialize_randomly(model->layout(), case_.base().config(), 7, again.span());
  EXPECT_TRUE(std::equal(first.span().begin(), first.span().end(), again.span().begin()));
  const TrainedTensor& embedding = model->layout().tensors().front();
  double squares = 0;
  for (const float value : first.span().subspan(embedding.offset, embedding.size)) {
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(embedding.size)),
              case_.base().config().initializer_range,
              0.1 * case_.base().config().initializer_range);
}

}  // namespace
}  // namespace temper::model
