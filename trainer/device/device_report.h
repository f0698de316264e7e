#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace temper::device {

/// One GPU as the CUDA runtime sees it.
struct Gpu {
  std::string name;  ///< "NVIDIA H100 80GB HBM3"
  int major = 0;     ///< compute capability, as in 9.0
  int minor = 0;
  std::uint64_t memory_bytes = 0;
  bool operator==(const Gpu&) const = default;
};

/// What this build and this machine can do with GPUs. CUDA's versions are 1000 · major + 10 ·
/// minor.
struct DeviceReport {
  bool built_with_cuda = false;
  int runtime_version = 0;  ///< CUDA that the build brings; 0: none
  int driver_version = 0;   ///< newest CUDA that the installed driver can run; 0: no driver
  std::vector<Gpu> gpus;    ///< in CUDA's order; those that CUDA_VISIBLE_DEVICES leaves
  std::string problem;      ///< why CUDA could not count them, in its own words; empty: it could
};

/// Asks the CUDA runtime; never throws. In a build without CUDA all fields but the first are empty.
DeviceReport report_devices();

/// "LibTorch 2.13.0, CUDA 13.0, NCCL 2.29.7", or "LibTorch 2.13.0, no CUDA". Needs no driver.
std::string library_versions();

}  // namespace temper::device
