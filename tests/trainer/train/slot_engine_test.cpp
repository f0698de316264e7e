#include "trainer/train/slot_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <new>

#include "core/base/error.h"
#include "tests/trainer/model/reference_case.h"

namespace temper::train {
namespace {

using model::Accumulate;
using model::ConstMatrix;
using model::HeadLayout;
using model::Matrix;
using model::SequenceOffsets;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Kernels that compute nothing.
class IdleKernels : public model::Kernels {
 public:
  void multiply_transposed(ConstMatrix, ConstMatrix, Matrix, Accumulate, float) const override {}
  void multiply(ConstMatrix, ConstMatrix, Matrix, Accumulate, float) const override {}
  void transposed_multiply(ConstMatrix, ConstMatrix, Matrix, Accumulate, float) const override {}
  void rms_norm(ConstMatrix, const float*, float, Matrix, float*) const override {}
  void rms_norm_backward(ConstMatrix, ConstMatrix, const float*, const float*, Matrix,
                         float*) const override {}
  void rotate(Matrix, SequenceOffsets, std::int64_t, const float*, const float*,
              float) const override {}
  void swiglu(ConstMatrix, Matrix) const override {}
  void swiglu_backward(ConstMatrix, Matrix) const override {}
  void attention(ConstMatrix, ConstMatrix, ConstMatrix, HeadLayout, SequenceOffsets, Matrix,
                 float*) const override {}
  void attention_backward(ConstMatrix, ConstMatrix, ConstMatrix, ConstMatrix, ConstMatrix,
                          const float*, HeadLayout, SequenceOffsets,
                          AttentionGradients) const override {}
  double cross_entropy(Matrix, std::span<const std::int32_t>, const model::LossTerms&,
                       bool) const override {
    return 0;
  }
  void add(ConstMatrix, Matrix) const override {}
  void add_bias(const float*, Matrix) const override {}
  void add_column_sums(ConstMatrix, float*) const override {}
  void dropout(ConstMatrix, const model::DropoutKey&, Matrix, Accumulate) const override {}
  void gather_rows(ConstMatrix, std::span<const std::int32_t>, Matrix) const override {}
  void scatter_add_rows(ConstMatrix, std::span<const std::int32_t>, Matrix) const override {}
};

/// A device whose memory is full: attention finds no room for its scores.
class FullDevice final : public IdleKernels {
 public:
  void attention(ConstMatrix, ConstMatrix, ConstMatrix, HeadLayout, SequenceOffsets, Matrix,
                 float*) const override {
    throw std::bad_alloc();
  }
};

/// Leaves a value at the end of each weight's gradient.
class WeightGradient final : public IdleKernels {
 public:
  explicit WeightGradient(float value) : value_(value) {}
  void transposed_multiply(ConstMatrix, ConstMatrix, Matrix c, Accumulate, float) const override {
    c.row(c.rows - 1)[c.columns - 1] = value_;
  }

 private:
  float value_;
};

/// Whether the engine finds the outcome of a slot finite.
bool is_finite(const model::Kernels& kernels) {
  const testing::ReferenceCase reference(testing::ReferenceCase::names().front());
  const auto model = model::LlamaModel::with_lora(reference.base(), reference.targets(), 0, 128);
  SlotWorkers workers(1);
  SlotEngine engine(*model, kernels, workers, {});
  OrderedSum sum(model->layout().size());
  StepBatch batch;
  batch.num_slots = 1;
  batch.slots = {reference.pack({0})};
  sum.begin(1, {0, 1});
  const model::FloatBuffer parameters = model::FloatBuffer::zeros(model->layout().size());
  return engine.train(batch, 0, parameters.data(), 1, 1, sum).at(0).finite;
}

/// What a step says that runs its slots 6 and 7 of 16 on a full device.
std::string complaint(recipe::Memory memory, int num_workers) {
  const testing::ReferenceCase reference(testing::ReferenceCase::names().front());
  const auto model = model::LlamaModel::with_lora(reference.base(), reference.targets(), 0, 128);
  const FullDevice kernels;
  SlotWorkers workers(num_workers);
  SlotEngine engine(*model, kernels, workers, {.memory = memory});
  OrderedSum sum(model->layout().size());
  StepBatch batch;
  batch.num_slots = 16;
  batch.slots = {reference.pack({0, 1})};
  sum.begin(16, {6, 7});
  const model::FloatBuffer parameters = model::FloatBuffer::zeros(model->layout().size());
  try {
    engine.train(batch, 6, parameters.data(), /*seed=*/1, /*step=*/41, sum);
  } catch (const FatalError& error) {
    const std::string size = std::to_string(batch.slots[0].num_tokens()) + " tokens in 2 samples";
    EXPECT_THAT(error.what(), HasSubstr(size));
    return error.what();
  }
  return "no error";
}

TEST(SlotEngineTest, LackOfMemoryNamesTheSlotAndWhatToLower) {
  EXPECT_THAT(complaint(recipe::Memory::kBalanced, 2),
              AllOf(HasSubstr("step 41: no memory left for slot 6 of 16"),
                    HasSubstr("`memory: low`"), HasSubstr("fewer slot workers (now 2)"),
                    HasSubstr("more batch.slots"), HasSubstr("data.max_length")));
}

TEST(SlotEngineTest, TellsANonFiniteGradientFromALargeOne) {
  using Limits = std::numeric_limits<float>;
  for (const float value : {0.0F, -0.0F, Limits::max(), Limits::lowest(), Limits::denorm_min()}) {
    EXPECT_TRUE(is_finite(WeightGradient(value))) << value;
  }
  for (const float value : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(),
                            -Limits::quiet_NaN(), Limits::signaling_NaN()}) {
    EXPECT_FALSE(is_finite(WeightGradient(value))) << value;
  }
}

TEST(SlotEngineTest, WhatIsLowAlreadyIsNotSuggested) {
  EXPECT_THAT(complaint(recipe::Memory::kLow, 1),
              AllOf(HasSubstr("more batch.slots"), Not(HasSubstr("memory: low")),
                    Not(HasSubstr("slot workers"))));
}

}  // namespace
}  // namespace temper::train
