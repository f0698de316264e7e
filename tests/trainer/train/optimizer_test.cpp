#include "trainer/train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "trainer/comm/single_communicator.h"

namespace temper::train {
namespace {

model::ParameterLayout two_tensors() {
  model::ParameterLayout layout;
  layout.begin_group();
  layout.add("weight", {300, 500}, true);  // more than one block
  layout.begin_group();
  layout.add("norm", {37}, false);
  return layout;
}

std::vector<float> random_values(std::size_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(size);
  for (float& value : values) {
    value = normal(generator);
  }
  return values;
}

TEST(AdamWTest, EqualsTheFormulaInDouble) {
  const model::ParameterLayout layout = two_tensors();
  recipe::Optimizer options;
  options.weight_decay = 0.1;
  AdamW optimizer(options, layout);
  SlotWorkers workers(2);
  std::vector<float> parameters = random_values(layout.size(), 1);
  std::vector<double> expected(parameters.begin(), parameters.end());
  std::vector<double> m(layout.size());
  std::vector<double> v(layout.size());
  for (int step = 1; step <= 5; ++step) {
    const std::vector<float> gradient =
        random_values(layout.size(), 10U + static_cast<unsigned>(step));
    optimizer.step(parameters, gradient, 0.5, 0.01, step, workers);
    for (const model::TrainedTensor& tensor : layout.tensors()) {
      for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i) {
        const double g = 0.5 * static_cast<double>(gradient[i]);
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        expected[i] *= tensor.decay ? 1 - 0.01 * 0.1 : 1;
        expected[i] -= 0.01 * (m[i] / (1 - std::pow(0.9, step))) /
                       (std::sqrt(v[i] / (1 - std::pow(0.999, step))) + 1e-8);
      }
    }
  }
  for (const model::TrainedTensor& tensor : layout.tensors()) {
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i) {
      ASSERT_NEAR(parameters[i], expected[i], 2e-5) << tensor.name << " " << i;
    }
  }
}

TEST(AdamWTest, NormAndStepHaveTheSameBitsOnAnyNumberOfWorkers) {
  const model::ParameterLayout layout = two_tensors();
  const std::vector<float> gradient = random_values(layout.size(), 3);
  std::vector<std::vector<float>> results;
  std::vector<double> norms;
  comm::SingleCommunicator alone;
  for (const int size : {1, 2, 3}) {
    AdamW optimizer({}, layout);
    SlotWorkers workers(size);
    std::vector<float> parameters = random_values(layout.size(), 4);
    norms.push_back(optimizer.gradient_norm(gradient, 0.25, workers, alone));
    optimizer.step(parameters, gradient, 1, 0.01, 1, workers);
    results.push_back(parameters);
  }
  EXPECT_EQ(norms[0], norms[1]);
  EXPECT_EQ(norms[0], norms[2]);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
  double squares = 0;
  for (const model::TrainedTensor& tensor : layout.tensors()) {
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i) {
      squares += std::pow(static_cast<double>(gradient[i]), 2);
    }
  }
  EXPECT_NEAR(norms[0], 0.25 * std::sqrt(squares), 1e-9 * norms[0]);
}

TEST(AdamWTest, ClippingFactorIsTorchs) {
  EXPECT_EQ(clipping_factor(0.5, 1), 1);
  EXPECT_NEAR(clipping_factor(4, 1), 0.25, 1e-6);
  EXPECT_EQ(clipping_factor(1e9, 0), 1);
}

}  // namespace
}  // namespace temper::train
