#pragma once

#include <cstddef>
#include <vector>

namespace temper {

/// `size` zero bytes, on huge pages (madvise(2), MADV_HUGEPAGE) where the kernel has them: with
/// pages of 4 KiB, touching a new buffer of gigabytes takes as long as filling it from a network.
std::vector<std::byte> large_buffer(std::size_t size);

}  // namespace temper
