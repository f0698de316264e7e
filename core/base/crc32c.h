#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace temper {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), continued from `seed` (the result for the bytes
/// before). SSE4.2 where the processor has it, the same result elsewhere.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed = 0);

/// The same by table on any processor: what crc32c() falls back to.
std::uint32_t crc32c_portable(std::span<const std::byte> bytes, std::uint32_t seed = 0);

/// The result for two pieces in a row, from `first` of the one and `second` of the other, which has
/// `second_size_bytes`: pieces may be summed apart and in any order.
std::uint32_t crc32c_combine(std::uint32_t first, std::uint32_t second,
                             std::uint64_t second_size_bytes);

}  // namespace temper
