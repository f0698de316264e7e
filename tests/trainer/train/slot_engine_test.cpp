#include "trainer/train/slot_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <new>

#include "core/base/error.h"
#include "tests/trainer/model/far_kernels.h"
#include "tests/trainer/model/reference_case.h"
#include "trainer/comm/single_communicator.h"
#include "trainer/train/device_parameters.h"

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
  void linear(ConstMatrix, ConstMatrix, const float*, Matrix, Accumulate) const override {}
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

/// What a step of three slots comes to, and its gradients by slot.
struct Step {
  std::vector<double> losses;
  std::vector<float> sum;
};

Step train_three_slots(const model::Kernels& kernels, int num_workers) {
  const testing::ReferenceCase reference(testing::ReferenceCase::names().front());
  const auto model = model::LlamaModel::with_lora(reference.base(), reference.targets(), 0, 128, {},
                                                  kernels.placement());
  SlotWorkers workers(num_workers);
  SlotEngine engine(*model, kernels, workers, {});
  OrderedSum sum(model->layout().size(), kernels.memory().staging());
  StepBatch batch;
  batch.num_slots = 3;
  batch.slots = {reference.pack({0, 1}), reference.pack({2}), reference.pack({3, 4, 5})};
  sum.begin(3, {0, 3});
  DeviceParameters parameters(kernels.memory());
  const model::FloatBuffer values = reference.lora_values("lora.weight.", model->layout());
  Step step;
  for (const SlotOutcome& outcome :
       engine.train(batch, 0, parameters.refresh(values.span()), /*seed=*/1, /*step=*/0, sum)) {
    EXPECT_TRUE(outcome.finite);
    step.losses.push_back(outcome.loss_sum);
  }
  comm::SingleCommunicator alone;
  const std::vector<std::size_t> offsets = {0, model->layout().size()};
  const std::span<const float> whole = sum.finish(alone, {{0, 3}}, offsets);
  step.sum.assign(whole.begin(), whole.end());
  return step;
}

TEST(SlotEngineTest, ADevicesGradientsComeDownOnceASlot) {
  model::on_slot_worker_thread();
  testing::FarMemory memory;
  const Step far = train_three_slots(testing::FarKernels(memory), 2);
  const Step near = train_three_slots(*model::make_aten_kernels(), 2);
  EXPECT_EQ(far.losses, near.losses);
  EXPECT_EQ(far.sum, near.sum);
  EXPECT_EQ(memory.downloaded_bytes(), 3 * far.sum.size() * sizeof(float));
}

/// Far memory whose downloads are not over for the first who waits for one, before somebody else
/// waits for it as well, or the third one was started.
class HesitantMemory final : public testing::FarMemory {
 public:
  std::shared_ptr<device::Download> start_download(const void* from, void* to,
                                                   std::size_t bytes) override {
    auto download =
        std::make_shared<HesitantDownload>(*this, FarMemory::start_download(from, to, bytes));
    const std::lock_guard lock(mutex_);
    ++num_started_;
    changed_.notify_all();
    return download;
  }

 private:
  class HesitantDownload final : public device::Download {
   public:
    HesitantDownload(HesitantMemory& memory, std::shared_ptr<device::Download> download)
        : memory_(memory), download_(std::move(download)) {}
    void wait() override {
      {
        std::unique_lock lock(memory_.mutex_);
        ++num_waiting_;
        memory_.changed_.notify_all();
        memory_.changed_.wait(lock, [&] { return num_waiting_ > 1 || memory_.num_started_ > 2; });
      }
      download_->wait();
    }

   private:
    HesitantMemory& memory_;
    std::shared_ptr<device::Download> download_;
    int num_waiting_ = 0;  // guarded by the memory's mutex
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  int num_started_ = 0;  // guarded by mutex_
};

// Worker 0 still waits for the first gradient when the third slot's is to be written to its place.
TEST(SlotEngineTest, AGradientIsNotWrittenOverBeforeItCameDown) {
  model::on_slot_worker_thread();
  HesitantMemory memory;
  const Step far = train_three_slots(testing::FarKernels(memory), 3);
  const Step near = train_three_slots(*model::make_aten_kernels(), 3);
  EXPECT_EQ(far.losses, near.losses);
  EXPECT_EQ(far.sum, near.sum);
}

TEST(SlotEngineTest, ADeviceComputesOneSlotAtATime) {
  // Each concurrent slot would have activations of its own.
  const auto peak = [](int num_workers) {
    testing::FarMemory memory;
    train_three_slots(testing::FarKernels(memory), num_workers);
    return memory.peak_bytes();
  };
  EXPECT_EQ(peak(3), peak(1));
}

TEST(SlotEngineTest, AFullDeviceDoesNotBlameTheWorkers) {
  const testing::ReferenceCase reference(testing::ReferenceCase::names().front());
  testing::FarMemory memory(std::size_t{1} << 20);
  const testing::FarKernels kernels(memory);
  const auto model = model::LlamaModel::with_lora(reference.base(), reference.targets(), 0, 128, {},
                                                  kernels.placement());
  const model::FloatBuffer values = reference.lora_values("lora.weight.", model->layout());
  DeviceParameters parameters(memory);
  const float* const there = parameters.refresh(values.span());
  const std::size_t some = values.size() * sizeof(float) + 4096;  // a gradient and little more
  void* const rest = memory.allocate((std::size_t{1} << 20) - memory.peak_bytes() - some);
  SlotWorkers workers(2);
  SlotEngine engine(*model, kernels, workers, {});
  OrderedSum sum(model->layout().size());
  StepBatch batch;
  batch.num_slots = 4;
  batch.slots = {reference.pack({0, 1})};
  sum.begin(4, {2, 3});
  try {
    engine.train(batch, 2, there, /*seed=*/1, /*step=*/3, sum);
    ADD_FAILURE() << "no error";
  } catch (const FatalError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("step 3: no memory left for slot 2 of 4"),
                                    HasSubstr("more batch.slots"), Not(HasSubstr("workers"))));
  }
  memory.release(rest);
}

}  // namespace
}  // namespace temper::train
