#pragma once

#include <cstdint>
#include <span>

#include "trainer/model/aten_kernels.h"
#include "trainer/model/matrix.h"

namespace at {
class Tensor;
}
namespace c10 {
struct Device;
}

/// ATen's tensors over memory that the callers own.
namespace temper::model {

c10::Device device_of(const AtenSettings& settings);

at::Tensor view(const AtenSettings& settings, ConstMatrix matrix);  ///< not to be written to
at::Tensor view(const AtenSettings& settings, Matrix matrix);
at::Tensor view(const AtenSettings& settings, const float* values, std::int64_t size);
at::Tensor view(const AtenSettings& settings, float* values, std::int64_t size);

/// A copy on the device. `here` may go or change when it returns, and kernels that come later see
/// all of it; they are not waited for.
at::Tensor on_device(const AtenSettings& settings, const at::Tensor& here);
at::Tensor on_device(const AtenSettings& settings, std::span<const std::int32_t> values);
/// The same as 64-bit indices.
at::Tensor indices(const AtenSettings& settings, std::span<const std::int32_t> values);

// In fp32 both are x itself, so that nothing is rounded.
at::Tensor wide(const at::Tensor& x);                               ///< as fp32
at::Tensor as_stored(const at::Tensor& x, const at::Tensor& like);  ///< rounded to like's numbers

/// The parts of AtenKernels that are more than a few operators; as in kernels.h.
void aten_attention(const AtenSettings& settings, ConstMatrix q, ConstMatrix k, ConstMatrix v,
                    HeadLayout heads, SequenceOffsets offsets, Matrix out, float* log_sum_exp);
void aten_attention_backward(const AtenSettings& settings, ConstMatrix grad_out, ConstMatrix q,
                             ConstMatrix k, ConstMatrix v, ConstMatrix out,
                             const float* log_sum_exp, HeadLayout heads, SequenceOffsets offsets,
                             Kernels::AttentionGradients gradients);
void aten_dropout(const AtenSettings& settings, ConstMatrix x, const DropoutKey& key, Matrix out,
                  Accumulate accumulate);
double aten_cross_entropy(const AtenSettings& settings, Matrix logits,
                          std::span<const std::int32_t> targets, const LossTerms& terms,
                          bool keep_logits);

}  // namespace temper::model
