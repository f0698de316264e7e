#include "trainer/train/memory_usage.h"

#include <sys/resource.h>

namespace temper::train {

std::uint64_t peak_memory_bytes(const device::DeviceMemory& memory) {
  if (!memory.is_host()) {
    return memory.peak_bytes();
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace temper::train
