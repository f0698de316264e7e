#pragma once

#include <cstdint>

namespace temper::train {

/// The largest resident size of this process so far (getrusage).
std::uint64_t peak_memory_bytes();

}  // namespace temper::train
