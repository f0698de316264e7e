#include "trainer/model/attention_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/base/error.h"
#include "tests/trainer/model/far_kernels.h"
#include "trainer/model/aten_kernels.h"

namespace temper::model {
namespace {

using ::testing::AllOf;
using testing::FarKernels;
using testing::FarMemory;
using ::testing::HasSubstr;

/// Attention that looks one token too far back, writes a number that is none, or drifts from call
/// to call.
class FaultyKernels final : public FarKernels {
 public:
  enum class Fault { kWindow, kNotANumber, kDrift };

  FaultyKernels(FarMemory& memory, Fault fault) : FarKernels(memory), fault_(fault) {}

  void attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, HeadLayout heads,
                 SequenceOffsets offsets, Matrix out, float* log_sum_exp) const override {
    if (fault_ == Fault::kWindow && heads.window > 0) {
      ++heads.window;
    }
    FarKernels::attention(q, k, v, heads, offsets, out, log_sum_exp);
    if (fault_ == Fault::kNotANumber) {
      write(std::numeric_limits<float>::quiet_NaN(), out);
    } else if (fault_ == Fault::kDrift) {
      float first = 0;
      memory().download(out.data, &first, sizeof(first));
      write(first + (drift_ += 1e-6F), out);
    }
  }

 private:
  void write(float value, Matrix out) const { memory().upload(&value, out.data, sizeof(value)); }

  Fault fault_;
  mutable float drift_ = 0;
};

class AttentionCheckTest : public ::testing::Test {
 protected:
  AttentionCheckTest() { on_slot_worker_thread(); }

  std::string complaint(FaultyKernels::Fault fault) {
    try {
      return judge_attention(FaultyKernels(memory_, fault), FarKernels(memory_));
    } catch (const FatalError& error) {
      return error.what();
    }
  }

  FarMemory memory_;
};

TEST_F(AttentionCheckTest, KernelsOfGpusPassOnADevice) {
  EXPECT_THAT(judge_attention(FarKernels(memory_, Numbers::kFloat32, AttentionMethod::kEfficient),
                              FarKernels(memory_)),
              HasSubstr("in fp32 outputs are"));
  EXPECT_THAT(judge_attention(FarKernels(memory_, Numbers::kBFloat16, AttentionMethod::kFlash),
                              FarKernels(memory_, Numbers::kBFloat16)),
              HasSubstr("in bf16 outputs are"));
}

TEST_F(AttentionCheckTest, WrongNumbersFail) {
  EXPECT_THAT(complaint(FaultyKernels::Fault::kWindow),
              AllOf(HasSubstr("(allowed: 1e-04)"), HasSubstr("don't train on this GPU")));
  EXPECT_THAT(complaint(FaultyKernels::Fault::kNotANumber), HasSubstr("outputs are inf"));
}

TEST_F(AttentionCheckTest, OtherBitsInASecondCallFail) {
  EXPECT_THAT(complaint(FaultyKernels::Fault::kDrift), HasSubstr("a second call gives other bits"));
}

}  // namespace
}  // namespace temper::model
