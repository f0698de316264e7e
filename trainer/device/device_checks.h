#pragma once

#include <string>

#include "trainer/device/device_report.h"

namespace temper::device {

/// Throws UserError unless `num_ranks` ranks of this machine each find a GPU of their own that this
/// build can use: a build without CUDA, no driver, a driver that is too old for the build's CUDA,
/// no or too few GPUs, GPUs of different kinds (the kind is part of what a result depends on), or
/// GPUs that are older than LibTorch's kernels.
void check_gpus(const DeviceReport& report, int num_ranks);

/// One line a GPU: "0: NVIDIA L4, 22.0 GiB, compute capability 8.9".
std::string describe_gpus(const DeviceReport& report);

/// CUDA's number for a version as people write it: 13000 is "13.0".
std::string cuda_version_text(int version);

/// What makes two GPUs the same kind for the numerics contract: "NVIDIA L4 (8.9)".
std::string gpu_kind(const Gpu& gpu);

}  // namespace temper::device
