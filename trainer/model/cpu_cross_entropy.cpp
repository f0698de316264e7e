// Cross-entropy over rows of logits, forward and backward in one pass over each row.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/base/check.h"
#include "trainer/model/cpu_kernels.h"
#include "trainer/model/vector_math.h"

namespace temper::model {
namespace {

constexpr std::int64_t kLanes = 16;

TEMPER_VECTORISED float row_maximum(const float* x, std::int64_t n) {
  std::array<float, kLanes> lanes;
  lanes.fill(-std::numeric_limits<float>::infinity());
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = lanes[lane] > x[i + lane] ? lanes[lane] : x[i + lane];
    }
  }
  float maximum = *std::max_element(lanes.begin(), lanes.end());
  for (; i < n; ++i) {
    maximum = std::max(maximum, x[i]);
  }
  return maximum;
}

/// Writes e^(x - maximum) to out and returns the sum (in double over lanes' sums).
TEMPER_VECTORISED float exponentials(const float* x, float maximum, float* out, std::int64_t n) {
  std::array<float, kLanes> lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const float value = vector_exp(x[i + lane] - maximum);
      out[i + lane] = value;
      lanes[lane] += value;
    }
  }
  float total = 0;
  for (float lane : lanes) {
    total += lane;
  }
  for (; i < n; ++i) {
    out[i] = vector_exp(x[i] - maximum);
    total += out[i];
  }
  return total;
}

TEMPER_VECTORISED void scale(float* x, float factor, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    x[i] *= factor;
  }
}

TEMPER_VECTORISED float sum_of_exponentials(const float* x, float maximum, std::int64_t n) {
  std::array<float, kLanes> lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += vector_exp(x[i + lane] - maximum);
    }
  }
  float total = 0;
  for (float lane : lanes) {
    total += lane;
  }
  for (; i < n; ++i) {
    total += vector_exp(x[i] - maximum);
  }
  return total;
}

}  // namespace

double CpuKernels::cross_entropy(Matrix logits, std::span<const std::int32_t> targets,
                                 bool keep_logits) const {
  CHECK(static_cast<std::int64_t>(targets.size()) == logits.rows, "{} targets for {} rows",
        targets.size(), logits.rows);
  double loss = 0;
  for (std::int64_t row = 0; row < logits.rows; ++row) {
    float* x = logits.row(row);
    const std::int32_t target = targets[static_cast<std::size_t>(row)];
    const float maximum = row_maximum(x, logits.columns);
    const float of_target = x[target] - maximum;
    const float sum = keep_logits ? sum_of_exponentials(x, maximum, logits.columns)
                                  : exponentials(x, maximum, x, logits.columns);
    loss += std::log(static_cast<double>(sum)) - static_cast<double>(of_target);
    if (!keep_logits) {
      scale(x, 1.0F / sum, logits.columns);
      x[target] -= 1.0F;
    }
  }
  return loss;
}

}  // namespace temper::model
