#include "trainer/train/open_kernels.h"

#include "core/base/error.h"
#include "trainer/model/aten_kernels.h"

namespace temper::train {

std::unique_ptr<model::Kernels> open_cpu_kernels(recipe::DataType type, model::PartRunner& runner) {
  if (type == recipe::DataType::kBf16) {
    throw UserError(
        "model.dtype: is bf16, for which there are no kernels on CPUs; write auto or fp32, or "
        "train on a GPU");
  }
  return model::make_cpu_kernels(&runner);
}

OpenKernels open_gpu_kernels(int gpu) {
  return [gpu](recipe::DataType type, model::PartRunner&) {
    return model::make_gpu_kernels(gpu, type == recipe::DataType::kFp32
                                            ? model::Numbers::kFloat32
                                            : model::Numbers::kBFloat16);
  };
}

}  // namespace temper::train
