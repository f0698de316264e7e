#pragma once

#include <memory>

#include "trainer/model/kernels.h"

namespace temper::model {

/// In which numbers matrix products are taken. Sums are fp32 either way, and so is all the rest.
enum class ProductType { kFloat32, kBFloat16 };

/// Where the matrices are, and how products are taken.
struct AtenSettings {
  device::DeviceMemory* memory = &device::host_memory();  ///< outlives the kernels
  ProductType products = ProductType::kFloat32;
};

/// Kernels composed of ATen's operators, for any device: on the GPU they are what computes, on the
/// CPU the reference for the vectorised loops in tests. Operators run in the current stream of
/// memory.gpu(). Dropout masks are drawn in this process, so that they are those of the loops.
std::unique_ptr<Kernels> make_aten_kernels(const AtenSettings& settings = {});

/// The same on GPU `gpu`, in CUDA's order, whose memory they own; from here on LibTorch's operators
/// on GPUs are the deterministic ones, without TF32. UserError as open_gpu_memory().
std::unique_ptr<Kernels> make_gpu_kernels(int gpu, ProductType products);

}  // namespace temper::model
