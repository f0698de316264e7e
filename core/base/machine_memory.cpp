#include "core/base/machine_memory.h"

#include <unistd.h>

namespace temper {

std::uint64_t machine_memory_bytes() {
  const long num_pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (num_pages <= 0 || page_bytes <= 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(num_pages) * static_cast<std::uint64_t>(page_bytes);
}

}  // namespace temper
