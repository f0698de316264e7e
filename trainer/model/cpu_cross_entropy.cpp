// Cross-entropy over rows of logits, forward and backward in one pass over each row.

#include <cmath>

#include "core/base/check.h"
#include "trainer/model/cpu_kernels.h"
#include "trainer/model/cpu_rows.h"

namespace temper::model {

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
      scale_row(x, 1.0F / sum, x, logits.columns);
      x[target] -= 1.0F;
    }
  }
  return loss;
}

}  // namespace temper::model
