#include "trainer/model/aten_views.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/Exception.h>

#include <new>
#include <optional>

namespace temper::model {
namespace {

at::Tensor view(const AtenSettings& settings, void* data, at::ScalarType type, std::int64_t rows,
                std::int64_t columns, std::int64_t stride) {
  const at::Device device = device_of(settings);
  return at::for_blob(data, {rows, columns})
      .strides({stride, 1})
      .target_device(device)
      .options(at::TensorOptions(device).dtype(type))
      .make_tensor();
}

}  // namespace

c10::Device device_of(const AtenSettings& settings) {
  const std::optional<int> gpu = settings.memory->gpu();
  return gpu ? at::Device(at::kCUDA, static_cast<at::DeviceIndex>(*gpu)) : at::Device(at::kCPU);
}

at::Tensor view(const AtenSettings& settings, Matrix matrix) {
  const bool bf16 = matrix.bf16 != nullptr;
  void* const data = bf16 ? static_cast<void*>(matrix.bf16) : matrix.data;
  return view(settings, data, bf16 ? at::kBFloat16 : at::kFloat, matrix.rows, matrix.columns,
              matrix.stride);
}

at::Tensor view(const AtenSettings& settings, ConstMatrix matrix) {
  return view(settings, Matrix{const_cast<float*>(matrix.data), matrix.rows, matrix.columns,
                               matrix.stride, const_cast<std::uint16_t*>(matrix.bf16)});
}

at::Tensor view(const AtenSettings& settings, float* values, std::int64_t size) {
  return view(settings, Matrix{values, 1, size, size}).squeeze(0);
}

at::Tensor view(const AtenSettings& settings, const float* values, std::int64_t size) {
  return view(settings, const_cast<float*>(values), size);
}

at::Tensor on_device(const AtenSettings& settings, const at::Tensor& here) {
  const c10::Device device = device_of(settings);
  if (device.is_cuda()) {
    // Out of pinned memory, which LibTorch keeps until the copy is over.
    return here.pin_memory().to(device, /*non_blocking=*/true);
  }
  return here.to(device, /*non_blocking=*/false, /*copy=*/true);
}

at::Tensor on_device(const AtenSettings& settings, std::span<const std::int32_t> values) {
  return on_device(settings, at::from_blob(const_cast<std::int32_t*>(values.data()),
                                           {static_cast<std::int64_t>(values.size())}, at::kInt));
}

at::Tensor indices(const AtenSettings& settings, std::span<const std::int32_t> values) {
  return on_device(settings, values).to(at::kLong);
}

bool is_out_of_memory(const std::exception& error) {
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
         dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr;
}

at::Tensor wide(const at::Tensor& x) {
  return x.to(at::kFloat);
}

at::Tensor as_stored(const at::Tensor& x, const at::Tensor& like) {
  return x.to(like.scalar_type());
}

}  // namespace temper::model
