#include "trainer/train/open_kernels.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "trainer/model/aten_kernels.h"

namespace temper::train {
namespace {

model::Numbers numbers_of(recipe::DataType type) {
  switch (type) {
    case recipe::DataType::kFp32:
      return model::Numbers::kFloat32;
    case recipe::DataType::kTf32:
      return model::Numbers::kTensorFloat32;
    case recipe::DataType::kAuto:
    case recipe::DataType::kBf16:
      break;
  }
  return model::Numbers::kBFloat16;
}

}  // namespace

std::unique_ptr<model::Kernels> open_cpu_kernels(recipe::DataType type, model::PartRunner& runner) {
  if (recipe::needs_gpus(type)) {
    throw UserError(
        fmt::format("model.dtype: is {}, for which there are no kernels on CPUs; write auto or "
                    "fp32, or train on a GPU",
                    recipe::name_of(type)));
  }
  return model::make_cpu_kernels(&runner);
}

OpenKernels open_gpu_kernels(int gpu) {
  return [gpu](recipe::DataType type, model::PartRunner&) {
    return model::make_gpu_kernels(gpu, numbers_of(type));
  };
}

}  // namespace temper::train
