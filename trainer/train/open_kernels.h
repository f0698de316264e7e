#pragma once

#include <functional>
#include <memory>

#include "core/recipe/choices.h"
#include "trainer/model/kernels.h"
#include "trainer/model/part_runner.h"

namespace temper::train {

/// Opens what slots are computed with, in the numbers that the recipe asks for; idle workers may
/// help with long slots.
using OpenKernels =
    std::function<std::unique_ptr<model::Kernels>(recipe::DataType, model::PartRunner&)>;

/// The vectorised loops of this processor; UserError for numbers that only GPUs have.
std::unique_ptr<model::Kernels> open_cpu_kernels(recipe::DataType type, model::PartRunner& runner);

/// ATen's operators on GPU `gpu`, in CUDA's order: bf16 unless fp32 or tf32 is asked for. UserError
/// in a build without CUDA.
OpenKernels open_gpu_kernels(int gpu);

}  // namespace temper::train
