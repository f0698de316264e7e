#include "core/base/large_buffer.h"

#include <sys/mman.h>

#include <cstdint>

namespace temper {

std::vector<std::byte> large_buffer(std::size_t size) {
  constexpr std::uintptr_t kHugePageBytes = 2U << 20U;
  std::vector<std::byte> buffer;
  buffer.reserve(size);  // nothing is touched yet
  const auto address = reinterpret_cast<std::uintptr_t>(buffer.data());
  const std::uintptr_t begin = (address + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  const std::uintptr_t end = (address + size) / kHugePageBytes * kHugePageBytes;
  if (begin < end) {
    // Only advice: without huge pages it is slower and nothing else.
    static_cast<void>(::madvise(buffer.data() + (begin - address), end - begin, MADV_HUGEPAGE));
  }
  buffer.resize(size);
  return buffer;
}

}  // namespace temper
