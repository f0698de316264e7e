#include "trainer/model/cpu_row_product.h"

#include <algorithm>
#include <array>

#include "trainer/model/vector_math.h"

namespace temper::model {
namespace {

constexpr std::int64_t kLanes = 16;

TEMPER_VECTORISED float dot(const float* a, const float* b, std::int64_t n) {
  std::array<float, kLanes> lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += a[i + lane] * b[i + lane];
    }
  }
  float total = 0;
  for (const float lane : lanes) {
    total += lane;
  }
  for (; i < n; ++i) {
    total += a[i] * b[i];
  }
  return total;
}

TEMPER_VECTORISED void add_scaled(const float* x, float factor, float* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] += factor * x[i];
  }
}

}  // namespace

void row_times_transposed(ConstMatrix x, ConstMatrix weight, Matrix y, Accumulate accumulate,
                          float alpha) {
  for (std::int64_t output = 0; output < weight.rows; ++output) {
    const float product = alpha * dot(x.row(0), weight.row(output), x.columns);
    float& result = y.row(0)[output];
    result = accumulate == Accumulate::kYes ? result + product : product;
  }
}

void row_times(ConstMatrix x, ConstMatrix weight, Matrix y, Accumulate accumulate, float alpha) {
  if (accumulate == Accumulate::kNo) {
    std::fill_n(y.row(0), y.columns, 0.0F);
  }
  for (std::int64_t inner = 0; inner < weight.rows; ++inner) {
    add_scaled(weight.row(inner), alpha * x.row(0)[inner], y.row(0), y.columns);
  }
}

}  // namespace temper::model
