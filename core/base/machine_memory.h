#pragma once

#include <cstdint>

namespace temper {

/// The physical memory of this machine; 0 if the system does not say.
std::uint64_t machine_memory_bytes();

}  // namespace temper
