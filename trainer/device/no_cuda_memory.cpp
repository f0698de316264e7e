#include "core/base/error.h"
#include "trainer/device/device_memory.h"

namespace temper::device {

std::unique_ptr<DeviceMemory> open_gpu_memory(int) {
  throw UserError(
      "no CUDA device: this temper-trainer was built without CUDA; build it with "
      "scripts/setup.sh --cuda, or train on the CPU with resources.gpus: 0 in the cluster file");
}

}  // namespace temper::device
