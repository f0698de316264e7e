// Each kernel against the plain formula in double, and its backward against finite differences of
// it.

#include "trainer/model/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "trainer/model/float_buffer.h"
#include "trainer/model/vector_math.h"

namespace temper::model {
namespace {

using Values = std::vector<float>;

Values random_values(std::size_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  Values values(size);
  for (float& value : values) {
    value = normal(generator);
  }
  return values;
}

class KernelsTest : public ::testing::Test {
 protected:
  KernelsTest() : kernels_(make_cpu_kernels()) { on_slot_worker_thread(); }
  std::unique_ptr<Kernels> kernels_;
};

TEST_F(KernelsTest, VectorExpIsExactToTwoUnits) {
  for (double x = -87; x < 88; x += 0.0137) {
    const double expected = std::exp(static_cast<double>(static_cast<float>(x)));
    EXPECT_NEAR(vector_exp(static_cast<float>(x)) / expected, 1.0, 3e-7) << x;
  }
  EXPECT_EQ(vector_exp(-1000), 0.0F);
  EXPECT_EQ(vector_exp(-INFINITY), 0.0F);
  EXPECT_TRUE(std::isnan(vector_exp(NAN)));
}

class ProductTest : public KernelsTest, public ::testing::WithParamInterface<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Rows, ProductTest, ::testing::Values(1, 2, 5));

TEST_P(ProductTest, EqualsTheSums) {
  const std::int64_t m = GetParam();
  const std::int64_t n = 7;
  const std::int64_t k = 19;
  const Values a = random_values(static_cast<std::size_t>(m * k), 1);
  const Values b = random_values(static_cast<std::size_t>(n * k), 2);
  Values c(static_cast<std::size_t>(m * n), 1.0F);
  kernels_->multiply_transposed(matrix(a.data(), m, k), matrix(b.data(), n, k),
                                matrix(c.data(), m, n), Accumulate::kYes, 2);
  Values d(static_cast<std::size_t>(m * n));
  kernels_->multiply(matrix(a.data(), m, k), matrix(b.data(), k, n), matrix(d.data(), m, n),
                     Accumulate::kNo);
  Values e(static_cast<std::size_t>(k * n));
  kernels_->transposed_multiply(matrix(a.data(), m, k), matrix(d.data(), m, n),
                                matrix(e.data(), k, n), Accumulate::kNo);
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      double expected_c = 1;
      double expected_d = 0;
      for (std::int64_t x = 0; x < k; ++x) {
        expected_c +=
            2.0 * a[static_cast<std::size_t>(i * k + x)] * b[static_cast<std::size_t>(j * k + x)];
        expected_d +=
            1.0 * a[static_cast<std::size_t>(i * k + x)] * b[static_cast<std::size_t>(x * n + j)];
      }
      EXPECT_NEAR(c[static_cast<std::size_t>(i * n + j)], expected_c, 1e-4);
      EXPECT_NEAR(d[static_cast<std::size_t>(i * n + j)], expected_d, 1e-4);
    }
  }
  for (std::int64_t i = 0; i < k; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      double expected_e = 0;
      for (std::int64_t x = 0; x < m; ++x) {
        expected_e +=
            1.0 * a[static_cast<std::size_t>(x * k + i)] * d[static_cast<std::size_t>(x * n + j)];
      }
      EXPECT_NEAR(e[static_cast<std::size_t>(i * n + j)], expected_e, 1e-3);
    }
  }
}

// Mapped weights lie wherever the header of their file ends: that must not show in the result.
TEST_F(KernelsTest, ProductsDoNotDependOnAlignment) {
  const std::int64_t inner = 96;
  const std::int64_t outputs = 160;
  const Values stored = random_values(static_cast<std::size_t>(inner * outputs), 1);
  for (const std::int64_t rows : {1, 2, 3, 4, 5, 8, 17, 33, 240}) {
    const Values x = random_values(static_cast<std::size_t>(rows * inner), 2);
    const Values y = random_values(static_cast<std::size_t>(rows * outputs), 3);
    Values first_forward;
    Values first_backward;
    FloatBuffer moved(stored.size() + 16);
    for (std::size_t shift = 0; shift < 16; ++shift) {
      std::copy(stored.begin(), stored.end(), moved.data() + shift);
      const ConstMatrix weight = matrix(std::as_const(moved).data() + shift, outputs, inner);
      Values forward(y.size());
      Values backward(x.size());
      kernels_->multiply_transposed(matrix(x.data(), rows, inner), weight,
                                    matrix(forward.data(), rows, outputs), Accumulate::kNo);
      kernels_->multiply(matrix(y.data(), rows, outputs), weight,
                         matrix(backward.data(), rows, inner), Accumulate::kNo);
      if (shift == 0) {
        first_forward = forward;
        first_backward = backward;
      }
      EXPECT_EQ(forward, first_forward) << rows << " rows, shifted by " << shift;
      EXPECT_EQ(backward, first_backward) << rows << " rows, shifted by " << shift;
    }
  }
}

/// dL/dx by central differences of L = Σ weights · f(x), against `analytic`.
void expect_gradient(const std::function<std::vector<double>(const std::vector<double>&)>& function,
                     const Values& x, const Values& weights, const Values& analytic) {
  std::vector<double> at(x.begin(), x.end());
  const double h = 1e-5;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto loss = [&](double shift) {
      at[i] = static_cast<double>(x[i]) + shift;
      const std::vector<double> y = function(at);
      double total = 0;
      for (std::size_t j = 0; j < y.size(); ++j) {
        total += y[j] * static_cast<double>(weights[j]);
      }
      at[i] = static_cast<double>(x[i]);
      return total;
    };
    EXPECT_NEAR(analytic[i], (loss(h) - loss(-h)) / (2 * h), 2e-5) << "element " << i;
  }
}

TEST_F(KernelsTest, RmsNormAndItsBackward) {
  const std::int64_t rows = 3;
  const std::int64_t columns = 37;  // not a multiple of the lanes
  const auto size = static_cast<std::size_t>(rows * columns);
  const Values x = random_values(size, 3);
  const Values weight = random_values(static_cast<std::size_t>(columns), 4);
  const Values grad = random_values(size, 5);
  const auto formula = [&](const std::vector<double>& in) {
    std::vector<double> out(size);
    for (std::int64_t t = 0; t < rows; ++t) {
      double mean = 0;
      for (std::int64_t i = 0; i < columns; ++i) {
        mean += std::pow(in[static_cast<std::size_t>(t * columns + i)], 2) /
                static_cast<double>(columns);
      }
      for (std::int64_t i = 0; i < columns; ++i) {
        const auto at = static_cast<std::size_t>(t * columns + i);
        out[at] = in[at] / std::sqrt(mean + 1e-5) * weight[static_cast<std::size_t>(i)];
      }
    }
    return out;
  };
  Values out(size);
  Values inverse(static_cast<std::size_t>(rows));
  kernels_->rms_norm(matrix(x.data(), rows, columns), weight.data(), 1e-5F,
                     matrix(out.data(), rows, columns), inverse.data());
  const std::vector<double> expected = formula({x.begin(), x.end()});
  for (std::size_t i = 0; i < size; ++i) {
    EXPECT_NEAR(out[i], expected[i], 1e-5);
  }
  Values grad_x(size);
  Values grad_weight(static_cast<std::size_t>(columns));
  kernels_->rms_norm_backward(matrix(grad.data(), rows, columns), matrix(x.data(), rows, columns),
                              weight.data(), inverse.data(), matrix(grad_x.data(), rows, columns),
                              grad_weight.data());
  expect_gradient(formula, x, grad, grad_x);
  for (std::int64_t i = 0; i < columns; ++i) {
    double expected_weight = 0;
    for (std::int64_t t = 0; t < rows; ++t) {
      const auto at = static_cast<std::size_t>(t * columns + i);
      expected_weight += grad[at] * expected[at] / weight[static_cast<std::size_t>(i)];
    }
    EXPECT_NEAR(grad_weight[static_cast<std::size_t>(i)], expected_weight, 1e-4);
  }
}

TEST_F(KernelsTest, SwigluAndItsBackward) {
  const std::int64_t columns = 19;
  const Values gate_up = random_values(static_cast<std::size_t>(2 * columns), 6);
  const Values grad = random_values(static_cast<std::size_t>(columns), 7);
  const auto formula = [&](const std::vector<double>& in) {
    std::vector<double> out;
    for (std::size_t i = 0; i < static_cast<std::size_t>(columns); ++i) {
      out.push_back(in[i] / (1 + std::exp(-in[i])) * in[i + static_cast<std::size_t>(columns)]);
    }
    return out;
  };
  Values out(static_cast<std::size_t>(columns));
  kernels_->swiglu(matrix(gate_up.data(), 1, 2 * columns), matrix(out.data(), 1, columns));
  const std::vector<double> expected = formula({gate_up.begin(), gate_up.end()});
  for (std::size_t i = 0; i < out.size(); ++i) {
    EXPECT_NEAR(out[i], expected[i], 1e-6);
  }
  Values gradient = gate_up;
  kernels_->swiglu_backward(matrix(grad.data(), 1, columns),
                            matrix(gradient.data(), 1, 2 * columns));
  expect_gradient(formula, gate_up, grad, gradient);
}

TEST_F(KernelsTest, CrossEntropyAndItsGradient) {
  const std::int64_t rows = 4;
  const std::int64_t columns = 53;
  Values logits = random_values(static_cast<std::size_t>(rows * columns), 8);
  logits[5] = 60;  // a large logit must not overflow
  const std::vector<std::int32_t> targets = {5, 0, 52, 17};
  double expected = 0;
  std::vector<double> gradient(logits.size());
  for (std::size_t t = 0; t < 4; ++t) {
    double sum = 0;
    for (std::size_t i = 0; i < 53; ++i) {
      sum += std::exp(static_cast<double>(logits[t * 53 + i]));
    }
    for (std::size_t i = 0; i < 53; ++i) {
      gradient[t * 53 + i] = std::exp(static_cast<double>(logits[t * 53 + i])) / sum -
                             (static_cast<std::int32_t>(i) == targets[t] ? 1.0 : 0.0);
    }
    expected +=
        std::log(sum) - static_cast<double>(logits[t * 53 + static_cast<std::size_t>(targets[t])]);
  }
  Values kept = logits;
  EXPECT_NEAR(kernels_->cross_entropy(matrix(kept.data(), rows, columns), targets, {}, true),
              expected, 1e-5);
  EXPECT_EQ(kept, logits);
  EXPECT_NEAR(kernels_->cross_entropy(matrix(logits.data(), rows, columns), targets, {}, false),
              expected, 1e-5);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    EXPECT_NEAR(logits[i], gradient[i], 1e-6);
  }
}

TEST_F(KernelsTest, CrossEntropyWithSmoothingAndZLoss) {
  const std::int64_t columns = 53;
  const LossTerms terms{.label_smoothing = 0.1F, .z_loss = 0.03F};
  const std::vector<std::int32_t> targets = {17};
  Values logits = random_values(static_cast<std::size_t>(columns), 8);
  const auto formula = [&](const Values& x) {
    double sum = 0;
    double mean = 0;
    for (const float value : x) {
      sum += std::exp(static_cast<double>(value));
      mean += static_cast<double>(value) / 53;
    }
    const double log_z = std::log(sum);
    return 0.9 * (log_z - static_cast<double>(x[17])) + 0.1 * (log_z - mean) + 0.03 * log_z * log_z;
  };
  const double expected = formula(logits);
  std::vector<double> gradient;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    constexpr float kStep = 1.0F / 256;
    Values above = logits;
    Values below = logits;
    above[i] += kStep;
    below[i] -= kStep;
    gradient.push_back((formula(above) - formula(below)) /
                       static_cast<double>(above[i] - below[i]));
  }
  Values kept = logits;
  EXPECT_NEAR(kernels_->cross_entropy(matrix(kept.data(), 1, columns), targets, terms, true),
              expected, 1e-5);
  EXPECT_EQ(kept, logits);
  EXPECT_NEAR(kernels_->cross_entropy(matrix(logits.data(), 1, columns), targets, terms, false),
              expected, 1e-5);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    EXPECT_NEAR(logits[i], gradient[i], 1e-5) << i;
  }
}

TEST_F(KernelsTest, DropoutKeepsTheRightShareAndRepeats) {
  const std::int64_t rows = 50;
  const std::int64_t columns = 203;
  const Values x(static_cast<std::size_t>(rows * columns), 1.0F);
  Values first(x.size());
  Values again(x.size());
  const DropoutKey key{{1, RandomPurpose::kDropout}, 7, 0.25F};
  kernels_->dropout(matrix(x.data(), rows, columns), key, matrix(first.data(), rows, columns),
                    Accumulate::kNo);
  kernels_->dropout(matrix(x.data(), rows, columns), key, matrix(again.data(), rows, columns),
                    Accumulate::kYes);
  EXPECT_EQ(first, again);
  double kept = 0;
  for (const float value : first) {
    EXPECT_TRUE(value == 0 || std::abs(value - 1 / 0.75F) < 1e-6);
    kept += value != 0 ? 1 : 0;
  }
  EXPECT_NEAR(kept / static_cast<double>(x.size()), 0.75, 0.02);
  const DropoutKey other{{1, RandomPurpose::kDropout}, 8, 0.25F};
  kernels_->dropout(matrix(x.data(), rows, columns), other, matrix(again.data(), rows, columns),
                    Accumulate::kNo);
  EXPECT_NE(first, again);
}

TEST_F(KernelsTest, RotationByMinusOneUndoesIt) {
  const std::vector<std::int32_t> offsets = {0, 3, 5};
  Values x = random_values(5 * 8, 9);
  const Values before = x;
  const Values cosine = {1, 1, 0.5F, 0.6F, -0.2F, 0.1F};
  Values sine(cosine.size());
  for (std::size_t i = 0; i < sine.size(); ++i) {
    sine[i] = std::sqrt(1 - cosine[i] * cosine[i]);
  }
  kernels_->rotate(matrix(x.data(), 5, 8), offsets, 4, cosine.data(), sine.data(), 1);
  EXPECT_FLOAT_EQ(x[3 * 8], before[3 * 8]);  // position 0 of the second sequence: angle 0
  EXPECT_NE(x[8], before[8]);
  kernels_->rotate(matrix(x.data(), 5, 8), offsets, 4, cosine.data(), sine.data(), -1);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(x[i], before[i], 1e-6);
  }
}

}  // namespace
}  // namespace temper::model
