#pragma once

#include <memory>

#include "trainer/model/kernels.h"

namespace temper::model {

/// In which numbers matrix products are taken. Sums are fp32 either way, and so is all the rest.
enum class ProductType { kFloat32, kBFloat16 };

/// Where the memory of the matrices is, and how products are taken.
struct AtenSettings {
  bool cuda = false;
  int gpu = 0;  ///< in CUDA's order
  ProductType products = ProductType::kFloat32;
};

/// Kernels composed of ATen's operators, for any device: on the GPU they are what computes, on the
/// CPU the reference for the vectorised loops in tests. Offsets, ids and targets are in this
/// process's memory, all else is on the device. Dropout masks are drawn in this process, so that
/// they are those of the loops.
std::unique_ptr<Kernels> make_aten_kernels(const AtenSettings& settings = {});

}  // namespace temper::model
