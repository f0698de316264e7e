#pragma once

#include <cstdint>

#include "trainer/device/device_memory.h"

namespace temper::train {

/// The largest size so far of the memory that this rank computes in: of the device's, or this
/// process's resident one (getrusage).
std::uint64_t peak_memory_bytes(const device::DeviceMemory& memory);

}  // namespace temper::train
