#include "trainer/train/moments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "tests/support/seed.h"
#include "tests/trainer/train/random_values.h"
#include "trainer/train/optimizer.h"

namespace temper::train {
namespace {

using recipe::MomentFormat;

// A large tensor with a short last block, one below 4,096 numbers, and an embedding.
model::ParameterLayout three_tensors() {
  model::ParameterLayout layout;
  layout.begin_group();
  layout.add("layer.weight", {300, 301}, true);
  layout.begin_group();
  layout.add("norm.weight", {37}, false);
  layout.begin_group();
  layout.add("model.embed_tokens.weight", {64, 80}, true);
  return layout;
}

std::vector<std::string> names_of(const std::vector<checkpoint::NamedTensor>& tensors) {
  std::vector<std::string> names;
  for (const checkpoint::NamedTensor& tensor : tensors) {
    names.push_back(tensor.name);
  }
  return names;
}

recipe::Optimizer with(MomentFormat format) {
  recipe::Optimizer options;
  options.moments = format;
  return options;
}

TEST(MomentsTest, NamesWhatItKeeps) {
  const model::ParameterLayout layout = three_tensors();
  EXPECT_THAT(
      names_of(Moments(MomentFormat::kFp32, layout).tensors(layout)),
      ::testing::ElementsAre("exp_avg/layer.weight", "exp_avg/norm.weight",
                             "exp_avg/model.embed_tokens.weight", "exp_avg_sq/layer.weight",
                             "exp_avg_sq/norm.weight", "exp_avg_sq/model.embed_tokens.weight"));
  Moments moments(MomentFormat::k8bit, layout);
  const std::vector<checkpoint::NamedTensor> tensors = moments.tensors(layout);
  EXPECT_THAT(
      names_of(tensors),
      ::testing::ElementsAre("exp_avg_8bit/layer.weight", "exp_avg_scale/layer.weight",
                             "exp_avg/norm.weight", "exp_avg/model.embed_tokens.weight",
                             "exp_avg_sq_8bit/layer.weight", "exp_avg_sq_scale/layer.weight",
                             "exp_avg_sq/norm.weight", "exp_avg_sq/model.embed_tokens.weight"));
  EXPECT_EQ(tensors[0].type, weights::DataType::kU8);
  EXPECT_EQ(tensors[0].bytes.size(), 300U * 301U);
  EXPECT_EQ(tensors[1].shape, std::vector<std::int64_t>{353});  // ceil(90,300 / 256)
}

TEST(MomentsTest, KeepsEightBitsOfEachNumberBesideTheLargestOfItsBlock) {
  std::mt19937_64 random(temper::testing::test_seed());
  const model::ParameterLayout layout = three_tensors();
  Moments moments(MomentFormat::k8bit, layout);
  const std::size_t size = layout.tensors()[0].size;
  const std::vector<float> values = random_values(size, random);
  moments.update(0, 0, size, [&](std::size_t begin, std::size_t end, float* first, float* second) {
    for (std::size_t i = begin; i < end; ++i) {
      first[i - begin] = values[i];
      second[i - begin] = values[i] * values[i];
    }
  });
  moments.update(0, 0, size, [&](std::size_t begin, std::size_t end, float* first, float* second) {
    for (std::size_t i = begin; i < end; ++i) {
      // Half a step of the topmost decade: 0.9 / 64 / 2 and 0.9 / 128 / 2 of the largest (< 6).
      ASSERT_NEAR(first[i - begin], values[i], 6 * 0.0071) << i;
      ASSERT_NEAR(second[i - begin], values[i] * values[i], 36 * 0.0036) << i;
    }
  });
}

TEST(MomentsTest, AMeanOfSquaresNeverVanishes) {
  model::ParameterLayout layout;
  layout.begin_group();
  layout.add("weight", {4096}, true);
  Moments moments(MomentFormat::k8bit, layout);
  moments.update(0, 0, 4096, [](std::size_t, std::size_t, float* first, float* second) {
    first[0] = second[0] = 1;
    first[1] = 1e-4F;
    second[1] = 1e-12F;
    second[2] = 0;
  });
  moments.update(0, 0, 256, [](std::size_t, std::size_t, float* first, float* second) {
    EXPECT_EQ(second[0], 1);
    EXPECT_GT(first[1], 0);
    EXPECT_GT(second[1], 0);
    EXPECT_EQ(second[2], 0);
  });
}

class MomentFormatTest : public ::testing::TestWithParam<MomentFormat> {};

TEST_P(MomentFormatTest, TrainsTheSameBitsOnAnyNumberOfWorkers) {
  const model::ParameterLayout layout = three_tensors();
  std::vector<std::vector<float>> results;
  for (const int size : {1, 2, 3}) {
    std::mt19937_64 random(7);
    AdamW optimizer(with(GetParam()), layout);
    SlotWorkers workers(size);
    std::vector<float> parameters = random_values(layout.size(), random);
    for (int step = 1; step <= 3; ++step) {
      optimizer.step(parameters, random_values(layout.size(), random), 1, 0.01, step, workers);
    }
    results.push_back(parameters);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

// A checkpoint between any two steps changes nothing: what it holds is the whole state.
TEST_P(MomentFormatTest, GoesOnFromItsTensorsBitForBit) {
  const model::ParameterLayout layout = three_tensors();
  std::mt19937_64 random(temper::testing::test_seed());
  SlotWorkers workers(2);
  AdamW original(with(GetParam()), layout);
  std::vector<float> parameters = random_values(layout.size(), random);
  for (int step = 1; step <= 3; ++step) {
    original.step(parameters, random_values(layout.size(), random), 1, 0.01, step, workers);
  }
  AdamW resumed(with(GetParam()), layout);
  const auto saved = original.moments().tensors(layout);
  const auto restored = resumed.moments().tensors(layout);
  ASSERT_EQ(saved.size(), restored.size());
  for (std::size_t i = 0; i < saved.size(); ++i) {
    ASSERT_EQ(saved[i].bytes.size(), restored[i].bytes.size());
    std::memcpy(restored[i].bytes.data(), saved[i].bytes.data(), saved[i].bytes.size());
  }
  std::vector<float> resumed_parameters = parameters;
  const std::vector<float> gradient = random_values(layout.size(), random);
  original.step(parameters, gradient, 1, 0.01, 4, workers);
  resumed.step(resumed_parameters, gradient, 1, 0.01, 4, workers);
  EXPECT_EQ(parameters, resumed_parameters);
}

INSTANTIATE_TEST_SUITE_P(Formats, MomentFormatTest,
                         ::testing::Values(MomentFormat::kFp32, MomentFormat::k8bit),
                         [](const auto& format) {
                           return format.param == MomentFormat::kFp32 ? "Fp32" : "EightBit";
                         });

// A quadratic whose curvature and noise differ from number to number: both ways end near the
// minimum, and the 8-bit one not noticeably farther.
TEST(MomentsTest, EightBitsReachWhatFloatsReach) {
  const model::ParameterLayout layout = three_tensors();
  const auto loss_after = [&](MomentFormat format) {
    std::mt19937_64 random(11);
    AdamW optimizer(with(format), layout);
    SlotWorkers workers(2);
    std::vector<float> curvature = random_values(layout.size(), random);
    for (float& value : curvature) {
      value = std::exp(2 * value);
    }
    std::vector<float> parameters = random_values(layout.size(), random);
    std::vector<float> gradient(layout.size());
    double loss = 0;
    for (int step = 1; step <= 200; ++step) {
      const std::vector<float> noise = random_values(layout.size(), random);
      loss = 0;
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        gradient[i] = curvature[i] * (parameters[i] + 0.05F * noise[i]);
        loss += static_cast<double>(curvature[i] * parameters[i] * parameters[i]);
      }
      optimizer.step(parameters, gradient, 1, 0.02 * (1 - step / 201.0), step, workers);
    }
    return loss / static_cast<double>(layout.size());
  };
  const double floats = loss_after(MomentFormat::kFp32);
  const double eight_bits = loss_after(MomentFormat::k8bit);
  EXPECT_LT(floats, 0.5);  // from about 7.4
  EXPECT_LT(eight_bits, 1.1 * floats);
}

}  // namespace
}  // namespace temper::train
