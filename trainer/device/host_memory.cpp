#include "trainer/device/host_memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace temper::device {
namespace {

class FinishedDownload final : public Download {
 public:
  void wait() override {}
};

}  // namespace

void* HostMemory::allocate(std::size_t bytes) {
  constexpr std::size_t kLine = 64;
  void* memory =
      std::aligned_alloc(kLine, (std::max<std::size_t>(bytes, 1) + kLine - 1) / kLine * kLine);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

void HostMemory::release(void* memory) noexcept {
  std::free(memory);
}

void HostMemory::upload(const void* from, void* to, std::size_t bytes) {
  std::memcpy(to, from, bytes);
}

void HostMemory::download(const void* from, void* to, std::size_t bytes) {
  std::memcpy(to, from, bytes);
}

std::shared_ptr<Download> HostMemory::start_download(const void* from, void* to,
                                                     std::size_t bytes) {
  std::memcpy(to, from, bytes);
  return std::make_shared<FinishedDownload>();
}

void HostMemory::copy(const void* from, void* to, std::size_t bytes) {
  std::memcpy(to, from, bytes);
}

void HostMemory::clear(void* memory, std::size_t bytes) {
  std::memset(memory, 0, bytes);
}

DeviceMemory& host_memory() {
  static HostMemory memory;
  return memory;
}

}  // namespace temper::device
