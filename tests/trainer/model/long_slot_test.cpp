// A slot so long that its kernels are cut into parts: whoever computes them, the bits are the same,
// and the gradient is that of ATen's operators.

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "tests/trainer/model/reference_case.h"
#include "trainer/model/aten_kernels.h"
#include "trainer/model/initialize.h"
#include "trainer/model/llama.h"
#include "trainer/model/part_runner.h"

namespace temper::model {
namespace {

using testing::ReferenceCase;

/// Runs parts from the last to the first, or in order.
class OnlyOneRunner final : public PartRunner {
 public:
  explicit OnlyOneRunner(bool backwards) : backwards_(backwards) {}

  void run_parts(std::int64_t num_parts, const std::function<void(std::int64_t)>& part) override {
    for (std::int64_t i = 0; i < num_parts; ++i) {
      part(backwards_ ? num_parts - 1 - i : i);
    }
    most_parts_ = std::max(most_parts_, num_parts);
  }

  std::int64_t most_parts() const { return most_parts_; }

 private:
  bool backwards_;
  std::int64_t most_parts_ = 0;
};

class LongSlotTest : public ::testing::TestWithParam<bool> {
 protected:
  static constexpr std::int64_t kLength = 1500;

  LongSlotTest() : case_("smollm2") {
    on_slot_worker_thread();
    if (GetParam()) {
      model_ = LlamaModel::fully_trained(case_.base().config(), kLength);
      parameters_ = FloatBuffer(model_->layout().size());
      load_pretrained(model_->layout(), case_.base(), parameters_.span());
    } else {
      model_ = LlamaModel::with_lora(case_.base(), case_.targets(), 0, kLength);
      parameters_ = case_.lora_values("lora.weight.", model_->layout());
    }
    std::mt19937 random(7);
    const auto vocabulary = static_cast<unsigned>(case_.base().config().vocabulary_size);
    for (std::int64_t t = 0; t < kLength; ++t) {
      sample_.ids.push_back(static_cast<std::int32_t>(random() % vocabulary));
      sample_.trained.push_back(1);
    }
    sample_.offsets = {0, 20, kLength};
  }

  FloatBuffer gradient(const Kernels& kernels) {
    FloatBuffer gradient = FloatBuffer::zeros(model_->layout().size());
    SlotWorkspace workspace;
    model_->loss_and_gradient(kernels, sample_, parameters_.data(), gradient.data(), {}, workspace);
    return gradient;
  }

  ReferenceCase case_;
  std::unique_ptr<LlamaModel> model_;
  FloatBuffer parameters_;
  PackedSequences sample_;
};

INSTANTIATE_TEST_SUITE_P(Training, LongSlotTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "AllWeights" : "Lora"; });

TEST_P(LongSlotTest, HasTheSameBitsInWhateverOrderItsPartsRun) {
  const FloatBuffer expected = gradient(*make_cpu_kernels());
  for (const bool backwards : {false, true}) {
    OnlyOneRunner runner(backwards);
    const FloatBuffer actual = gradient(*make_cpu_kernels(&runner));
    EXPECT_EQ(std::memcmp(actual.data(), expected.data(), expected.size() * sizeof(float)), 0);
    EXPECT_GE(runner.most_parts(), 4) << "nothing was cut";
  }
}

TEST_P(LongSlotTest, HasTheGradientOfAtensOperators) {
  const FloatBuffer actual = gradient(*make_cpu_kernels());
  const FloatBuffer expected = gradient(*make_aten_kernels({}));
  EXPECT_LT(testing::relative_difference(actual.span(), expected.span()), 1e-4);
}

}  // namespace
}  // namespace temper::model
