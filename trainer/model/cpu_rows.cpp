#include "trainer/model/cpu_rows.h"

#include <algorithm>
#include <array>
#include <limits>

#include "trainer/model/vector_math.h"

namespace temper::model {
namespace {

constexpr std::int64_t kLanes = 16;
using Lanes = std::array<float, kLanes>;

[[gnu::always_inline]] inline float sum_of(const Lanes& lanes) {
  float total = 0;
  for (const float lane : lanes) {
    total += lane;
  }
  return total;
}

}  // namespace

TEMPER_VECTORISED float row_maximum(const float* x, std::int64_t n) {
  Lanes lanes;
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

TEMPER_VECTORISED float exponentials(const float* x, float maximum, float* out, std::int64_t n) {
  Lanes lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const float value = vector_exp(x[i + lane] - maximum);
      out[i + lane] = value;
      lanes[lane] += value;
    }
  }
  float total = sum_of(lanes);
  for (; i < n; ++i) {
    out[i] = vector_exp(x[i] - maximum);
    total += out[i];
  }
  return total;
}

TEMPER_VECTORISED float sum_of_exponentials(const float* x, float maximum, std::int64_t n) {
  Lanes lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += vector_exp(x[i + lane] - maximum);
    }
  }
  float total = sum_of(lanes);
  for (; i < n; ++i) {
    total += vector_exp(x[i] - maximum);
  }
  return total;
}

TEMPER_VECTORISED float row_sum(const float* x, std::int64_t n) {
  Lanes lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += x[i + lane];
    }
  }
  float total = sum_of(lanes);
  for (; i < n; ++i) {
    total += x[i];
  }
  return total;
}

TEMPER_VECTORISED void add_to_row(float value, float* x, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    x[i] += value;
  }
}

TEMPER_VECTORISED void scale_row(const float* x, float factor, float* out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    out[i] = x[i] * factor;
  }
}

TEMPER_VECTORISED float dot(const float* a, const float* b, std::int64_t n) {
  Lanes lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += a[i + lane] * b[i + lane];
    }
  }
  float total = sum_of(lanes);
  for (; i < n; ++i) {
    total += a[i] * b[i];
  }
  return total;
}

TEMPER_VECTORISED void add_scaled_row(const float* x, float factor, float* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] += factor * x[i];
  }
}

TEMPER_VECTORISED void softmax_gradient(const float* p, float mean, float* grad, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    grad[i] = p[i] * (grad[i] - mean);
  }
}

}  // namespace temper::model
