#include "trainer/device/device_checks.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace temper::device {
namespace {

constexpr int kMajor = 1000;  // of CUDA's version numbers
constexpr int kMinor = 10;
/// The oldest that the wheel of CUDA 13 has kernels for: Turing.
constexpr int kOldestMajor = 7;
constexpr int kOldestMinor = 5;

void check_driver(const DeviceReport& report) {
  const std::string needed = cuda_version_text(report.runtime_version);
  if (report.driver_version == 0) {
    throw UserError(fmt::format(
        "no CUDA device: there is no NVIDIA driver on this machine (CUDA says: {}); train on the "
        "CPU with resources.gpus: 0 in the cluster file, or run on a machine with a GPU and a "
        "driver for CUDA {}",
        report.problem, needed));
  }
  // A driver runs every minor version of its own major one (CUDA's minor version compatibility).
  if (report.driver_version / kMajor < report.runtime_version / kMajor) {
    throw UserError(fmt::format(
        "the NVIDIA driver is too old: it can run CUDA {}, this build needs CUDA {}; update the "
        "driver, or build with a torch wheel for CUDA {}",
        cuda_version_text(report.driver_version), needed,
        cuda_version_text(report.driver_version)));
  }
  if (!report.problem.empty()) {
    throw UserError(fmt::format(
        "CUDA can't use the GPUs of this machine: {}; does nvidia-smi list them, and are they "
        "visible here (CUDA_VISIBLE_DEVICES, the container's --gpus)?",
        report.problem));
  }
}

}  // namespace

void check_gpus(const DeviceReport& report, int num_ranks) {
  if (!report.built_with_cuda) {
    throw UserError(
        "no CUDA device: this temper-trainer was built without CUDA; build it with "
        "scripts/setup.sh --cuda, or train on the CPU with resources.gpus: 0 in the cluster file");
  }
  check_driver(report);
  if (report.gpus.empty()) {
    throw UserError(
        "no CUDA device: the driver is there, but no GPU is visible; look at nvidia-smi and at "
        "CUDA_VISIBLE_DEVICES");
  }
  const auto num_gpus = static_cast<int>(report.gpus.size());
  if (num_gpus < num_ranks) {
    throw UserError(fmt::format(
        "{} ranks on this machine, but {} GPU{}: a rank needs one of its own; start {} rank{} "
        "here, or correct resources.gpus in the cluster file\n{}",
        num_ranks, num_gpus, num_gpus == 1 ? "" : "s", num_gpus, num_gpus == 1 ? "" : "s",
        describe_gpus(report)));
  }
  for (std::size_t index = 0; index < static_cast<std::size_t>(num_ranks); ++index) {
    const Gpu& gpu = report.gpus[index];
    if (gpu_kind(gpu) != gpu_kind(report.gpus.front())) {
      throw UserError(fmt::format(
          "GPUs 0 and {} are of different kinds, so that the result would depend on "
          "which of them computed what; choose equal ones with CUDA_VISIBLE_DEVICES\n{}",
          index, describe_gpus(report)));
    }
    if (gpu.major * kMinor + gpu.minor < kOldestMajor * kMinor + kOldestMinor) {
      throw UserError(fmt::format(
          "GPU {} ({}) is too old: LibTorch's kernels need compute capability {}.{} or newer",
          index, gpu_kind(gpu), kOldestMajor, kOldestMinor));
    }
  }
}

std::string describe_gpus(const DeviceReport& report) {
  constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;
  std::string text;
  for (std::size_t index = 0; index < report.gpus.size(); ++index) {
    const Gpu& gpu = report.gpus[index];
    text += fmt::format("{}: {}, {:.1f} GiB, compute capability {}.{}\n", index, gpu.name,
                        static_cast<double>(gpu.memory_bytes) / kGibibyte, gpu.major, gpu.minor);
  }
  return text;
}

std::string cuda_version_text(int version) {
  return fmt::format("{}.{}", version / kMajor, version % kMajor / kMinor);
}

std::string gpu_kind(const Gpu& gpu) {
  return fmt::format("{} ({}.{})", gpu.name, gpu.major, gpu.minor);
}

}  // namespace temper::device
