// Compiled where the torch wheel has CUDA (cmake/FindLibTorchCuda.cmake).

#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <nccl.h>

#include "trainer/device/device_checks.h"
#include "trainer/device/device_report.h"

namespace temper::device {

DeviceReport report_devices() {
  DeviceReport report;
  report.built_with_cuda = true;
  cudaRuntimeGetVersion(&report.runtime_version);
  cudaDriverGetVersion(&report.driver_version);  // leaves 0 without a driver
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess) {
    report.problem = cudaGetErrorString(error);
    return report;
  }
  for (int index = 0; index < count; ++index) {
    cudaDeviceProp properties{};
    if (const cudaError_t error = cudaGetDeviceProperties(&properties, index);
        error != cudaSuccess) {
      report.problem = fmt::format("GPU {}: {}", index, cudaGetErrorString(error));
      return report;
    }
    report.gpus.push_back(
        {properties.name, properties.major, properties.minor, properties.totalGlobalMem});
  }
  return report;
}

std::string library_versions() {
  int cuda = 0;
  cudaRuntimeGetVersion(&cuda);
  int nccl = 0;  // 10000 · major + 100 · minor + patch
  ncclGetVersion(&nccl);
  return fmt::format("LibTorch {}, CUDA {}, NCCL {}.{}.{}", TEMPER_LIBTORCH_VERSION,
                     cuda_version_text(cuda), nccl / 10000, nccl / 100 % 100, nccl % 100);
}

}  // namespace temper::device
