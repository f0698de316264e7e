#include "trainer/model/cpu_row_product.h"

#include <algorithm>

#include "trainer/model/cpu_rows.h"

namespace temper::model {
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
    add_scaled_row(weight.row(inner), alpha * x.row(0)[inner], y.row(0), y.columns);
  }
}

}  // namespace temper::model
