// Cross-entropy by ATen's operators; the formulas are in cpu_cross_entropy.cpp.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/ones_like.h>

#include "trainer/model/aten_views.h"

namespace temper::model {

double aten_cross_entropy(const AtenSettings& settings, Matrix logits,
                          std::span<const std::int32_t> targets, const LossTerms& terms,
                          bool keep_logits) {
  const at::Tensor stored = view(settings, logits);
  const at::Tensor x = wide(stored);
  const at::Tensor target = indices(settings, targets).unsqueeze(1);
  const double smoothing = terms.label_smoothing;
  const double z_loss = terms.z_loss;
  const at::Tensor log_z = at::logsumexp(x, 1, /*keepdim=*/true);
  const at::Tensor exact = log_z.to(at::kDouble);
  at::Tensor loss = exact - (1 - smoothing) * x.gather(1, target).to(at::kDouble);
  if (smoothing > 0) {
    loss = loss - smoothing * x.mean(1, /*keepdim=*/true).to(at::kDouble);
  }
  if (z_loss > 0) {
    loss = loss + z_loss * exact.square();
  }
  const double sum = loss.sum().item<double>();
  if (!keep_logits) {
    x.copy_(at::exp(x - log_z) * (1 + 2 * z_loss * log_z) -
            smoothing / static_cast<double>(logits.columns));
    x.scatter_add_(1, target, at::ones_like(log_z) * (smoothing - 1));
    stored.copy_(x);
  }
  return sum;
}

}  // namespace temper::model
