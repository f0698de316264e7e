// The whole model on a device whose memory this process can't touch: the bits are those of the same
// kernels over this process's memory.

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/base/check.h"
#include "tests/trainer/model/far_kernels.h"
#include "tests/trainer/model/reference_case.h"
#include "trainer/model/initialize.h"
#include "trainer/model/llama.h"

namespace temper::model {
namespace {

using testing::FarKernels;
using testing::FarMemory;
using testing::ReferenceCase;

std::vector<float> downloaded(device::DeviceMemory& memory, const FloatBuffer& buffer) {
  std::vector<float> values(buffer.size());
  memory.download(buffer.data(), values.data(), values.size() * sizeof(float));
  return values;
}

FloatBuffer uploaded(device::DeviceMemory& memory, const FloatBuffer& values) {
  FloatBuffer buffer(values.size(), memory);
  memory.upload(values.data(), buffer.data(), values.size() * sizeof(float));
  return buffer;
}

/// What a model says to three samples.
struct Answer {
  double loss = 0;
  std::vector<float> gradient, logits;
  bool operator==(const Answer&) const = default;
};

class FarModelTest : public ::testing::TestWithParam<std::string> {
 protected:
  FarModelTest() : case_(GetParam()) { on_slot_worker_thread(); }

  Answer answer(const Kernels& kernels, const LlamaModel& model, const FloatBuffer& values,
                recipe::Memory policy) const {
    device::DeviceMemory& memory = kernels.memory();
    const FloatBuffer parameters = uploaded(memory, values);
    FloatBuffer gradient = FloatBuffer::zeros(values.size(), memory);
    SlotWorkspace workspace;
    workspace.settings.memory = policy;
    const PackedSequences samples = case_.pack({0, 1, 2});
    Answer answer;
    answer.loss = model
                      .loss_and_gradient(kernels, samples, parameters.data(), gradient.data(),
                                         {1, 2, 3}, workspace)
                      .loss_sum;
    answer.gradient = downloaded(memory, gradient);
    answer.logits = model.logits(kernels, case_.pack({0}), parameters.data(), workspace);
    return answer;
  }

  Answer of_lora(const Kernels& kernels, recipe::Memory policy) const {
    const auto model =
        LlamaModel::with_lora(case_.base(), case_.targets(), 0.3, 128, {}, kernels.placement());
    return answer(kernels, *model, case_.lora_values("lora.weight.", model->layout()), policy);
  }

  Answer of_all(const Kernels& kernels, recipe::Memory policy) const {
    const auto model = LlamaModel::fully_trained(case_.base().config(), 128, kernels.placement());
    FloatBuffer values(model->layout().size());
    load_pretrained(model->layout(), case_.base(), values.span());
    return answer(kernels, *model, values, policy);
  }

  ReferenceCase case_;
  FarMemory memory_;
};

TEST_P(FarModelTest, SameBitsAsInThisProcessesMemory) {
  using Way = std::pair<Numbers, AttentionMethod>;
  for (const auto& [numbers, attention] : {Way{Numbers::kFloat32, AttentionMethod::kComposed},
                                           Way{Numbers::kFloat32, AttentionMethod::kEfficient},
                                           Way{Numbers::kBFloat16, AttentionMethod::kComposed},
                                           Way{Numbers::kBFloat16, AttentionMethod::kFlash}}) {
    const FarKernels far(memory_, numbers, attention);
    const auto near = make_aten_kernels({.numbers = numbers, .attention = attention});
    for (const recipe::Memory policy :
         {recipe::Memory::kFast, recipe::Memory::kBalanced, recipe::Memory::kLow}) {
      EXPECT_EQ(of_lora(far, policy), of_lora(*near, policy));
      EXPECT_EQ(of_all(far, policy), of_all(*near, policy));
    }
  }
}

TEST_P(FarModelTest, NothingButTheModelStaysOnTheDevice) {
  const FarKernels far(memory_);
  void* const before = memory_.allocate(1);
  of_lora(far, recipe::Memory::kBalanced);
  void* const after = memory_.allocate(1);
  EXPECT_EQ(static_cast<std::byte*>(after) - static_cast<std::byte*>(before), 64);
}

TEST_P(FarModelTest, WeightsAreStoredInTheNumbersOfTheProducts) {
  const auto bytes_of = [&](Numbers numbers) {
    FarMemory memory;
    const FarKernels far(memory, numbers);
    const auto model = LlamaModel::with_lora(case_.base(), {}, 0, 1, {}, far.placement());
    return static_cast<double>(memory.uploaded_bytes());
  };
  // All but norms, biases and the table of positions.
  EXPECT_NEAR(bytes_of(Numbers::kBFloat16) / bytes_of(Numbers::kFloat32), 0.5, 0.03);
}

// The counterpart of a crash: a GPU could not follow pointers to this process's memory either.
TEST_P(FarModelTest, AModelInThisProcessesMemoryIsNoneForTheDevice) {
  const FarKernels far(memory_);
  const auto here = LlamaModel::with_lora(case_.base(), {}, 0, 128);
  SlotWorkspace workspace;
  EXPECT_DEATH(here->loss(far, case_.pack({0}), nullptr, workspace), "is not on the device");
}

INSTANTIATE_TEST_SUITE_P(Cases, FarModelTest, ::testing::ValuesIn(ReferenceCase::names()),
                         testing::name_of_case);

}  // namespace
}  // namespace temper::model
