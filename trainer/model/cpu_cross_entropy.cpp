// Cross-entropy over rows of logits, forward and backward in one pass over each row.
//
// With m the row's maximum, S = Σ e^(x − m), log Z = m + log S and p = e^(x − m) / S, V classes:
//   loss    = (1 − ε) · (log Z − x[target]) + ε · (log Z − mean(x)) + z · log²(Z)
//   d/dx[i] = p[i] · (1 + 2 · z · log Z) − (1 − ε) · [i = target] − ε / V

#include <cmath>

#include "core/base/check.h"
#include "trainer/model/cpu_kernels.h"
#include "trainer/model/cpu_rows.h"

namespace temper::model {
namespace {

/// What the terms add to a row's −log p[target], all in double: x is what the logits were.
double added_loss(const LossTerms& terms, double log_sum, double of_target, double maximum,
                  double mean) {
  const double log_z = maximum + log_sum;
  return static_cast<double>(terms.label_smoothing) * (of_target + maximum - mean) +
         static_cast<double>(terms.z_loss) * log_z * log_z;
}

}  // namespace

double CpuKernels::cross_entropy(Matrix logits, std::span<const std::int32_t> targets,
                                 const LossTerms& terms, bool keep_logits) const {
  CHECK(static_cast<std::int64_t>(targets.size()) == logits.rows, "{} targets for {} rows",
        targets.size(), logits.rows);
  const bool is_smoothed = terms.label_smoothing > 0;
  const auto num_classes = static_cast<float>(logits.columns);
  double loss = 0;
  for (std::int64_t row = 0; row < logits.rows; ++row) {
    float* x = logits.row(row);
    const std::int32_t target = targets[static_cast<std::size_t>(row)];
    const float maximum = row_maximum(x, logits.columns);
    const float of_target = x[target] - maximum;
    const float mean = is_smoothed ? row_sum(x, logits.columns) / num_classes : 0;
    const float sum = keep_logits ? sum_of_exponentials(x, maximum, logits.columns)
                                  : exponentials(x, maximum, x, logits.columns);
    const double log_sum = std::log(static_cast<double>(sum));
    loss += log_sum - static_cast<double>(of_target);
    if (is_smoothed || terms.z_loss > 0) {
      loss += added_loss(terms, log_sum, static_cast<double>(of_target),
                         static_cast<double>(maximum), static_cast<double>(mean));
    }
    if (!keep_logits) {
      const auto log_z = static_cast<float>(static_cast<double>(maximum) + log_sum);
      scale_row(x, (1.0F + 2.0F * terms.z_loss * log_z) / sum, x, logits.columns);
      if (is_smoothed) {
        add_to_row(-terms.label_smoothing / num_classes, x, logits.columns);
      }
      x[target] -= 1.0F - terms.label_smoothing;
    }
  }
  return loss;
}

}  // namespace temper::model
