#include "trainer/model/aten_views.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/matmul.h>
#include <c10/util/Exception.h>

#include <new>
#include <vector>

namespace temper::model {
namespace {

at::TensorOptions options_of(const AtenSettings& settings) {
  const at::Device device = settings.cuda
                                ? at::Device(at::kCUDA, static_cast<at::DeviceIndex>(settings.gpu))
                                : at::Device(at::kCPU);
  return at::TensorOptions(device).dtype(at::kFloat);
}

}  // namespace

at::Tensor view(const AtenSettings& settings, Matrix matrix) {
  const at::TensorOptions options = options_of(settings);
  return at::for_blob(matrix.data, {matrix.rows, matrix.columns})
      .strides({matrix.stride, 1})
      .target_device(options.device())
      .options(options)
      .make_tensor();
}

at::Tensor view(const AtenSettings& settings, ConstMatrix matrix) {
  return view(settings,
              Matrix{const_cast<float*>(matrix.data), matrix.rows, matrix.columns, matrix.stride});
}

at::Tensor view(const AtenSettings& settings, float* values, std::int64_t size) {
  return view(settings, Matrix{values, 1, size, size}).squeeze(0);
}

at::Tensor view(const AtenSettings& settings, const float* values, std::int64_t size) {
  return view(settings, const_cast<float*>(values), size);
}

at::Tensor indices(const AtenSettings& settings, std::span<const std::int32_t> values) {
  std::vector<std::int64_t> wide(values.begin(), values.end());
  const at::Tensor here =
      at::from_blob(wide.data(), {static_cast<std::int64_t>(wide.size())}, at::kLong);
  return here.to(options_of(settings).device(), /*non_blocking=*/false, /*copy=*/true);
}

bool is_out_of_memory(const std::exception& error) {
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
         dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr;
}

at::Tensor product(const AtenSettings& settings, const at::Tensor& a, const at::Tensor& b) {
  if (settings.products == ProductType::kFloat32) {
    return at::matmul(a, b);
  }
  return at::matmul(a.to(at::kBFloat16), b.to(at::kBFloat16)).to(at::kFloat);
}

}  // namespace temper::model
