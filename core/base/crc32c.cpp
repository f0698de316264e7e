// A CRC's state is a polynomial over GF(2) modulo P: bit 31 is the coefficient of x^0, bit 0 that
// of x^31. Feeding n zero bytes multiplies it by x^(8n) mod P, and the state after two pieces in a
// row is that of the first, moved over the second's length, plus (xor) the second's own, begun at
// zero. Hence crc32c_combine(), and hence the fast kernel: the processor's instruction has a
// latency of three cycles but takes one operand a cycle, so three blocks side by side are summed in
// the time of one, then combined.

#include "core/base/crc32c.h"

#include <array>
#include <cstring>

namespace temper {
namespace {

// Kernels take and give the state without the inversions of the standard; crc32c() makes them.
using Crc32cKernel = std::uint32_t (*)(std::uint32_t state, const std::byte* data,
                                       std::size_t size);

constexpr std::uint32_t kReflectedPolynomial = 0x82F63B78;
constexpr std::uint32_t kOne = 0x80000000;  // x^0

constexpr std::uint32_t times_x(std::uint32_t a) {
  return (a >> 1) ^ ((a & 1) != 0 ? kReflectedPolynomial : 0);
}

/// a · b mod P.
constexpr std::uint32_t multiply(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (; a != 0; a <<= 1) {
    if ((a & kOne) != 0) {
      product ^= b;
    }
    b = times_x(b);
  }
  return product;
}

/// x^(8 · num_bytes) mod P.
constexpr std::uint32_t shift_over(std::uint64_t num_bytes) {
  std::uint32_t power = kOne >> 8;  // x^8
  std::uint32_t result = kOne;
  for (; num_bytes != 0; num_bytes >>= 1) {
    if ((num_bytes & 1) != 0) {
      result = multiply(result, power);
    }
    power = multiply(power, power);
  }
  return result;
}

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t value = 0; value < table.size(); ++value) {
    std::uint32_t state = value;
    for (int bit = 0; bit < 8; ++bit) {
      state = times_x(state);
    }
    table[value] = state;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kTable = make_table();

std::uint32_t with_table(std::uint32_t state, const std::byte* data, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    state = kTable[(state ^ std::to_integer<std::uint32_t>(data[i])) & 0xFF] ^ (state >> 8);
  }
  return state;
}

#if defined(__x86_64__)
constexpr std::size_t kBlockBytes = 8U << 10U;  // three of them stay in the first-level cache
constexpr std::uint32_t kOverOneBlock = shift_over(kBlockBytes);
constexpr std::uint32_t kOverTwoBlocks = shift_over(2 * kBlockBytes);

std::uint64_t word_at(const std::byte* data) {
  std::uint64_t word;
  std::memcpy(&word, data, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) std::uint32_t three_blocks(std::uint32_t state,
                                                             const std::byte* data) {
  std::uint64_t first = state;
  std::uint64_t second = 0;
  std::uint64_t third = 0;
  for (std::size_t i = 0; i < kBlockBytes; i += sizeof(std::uint64_t)) {
    first = __builtin_ia32_crc32di(first, word_at(data + i));
    second = __builtin_ia32_crc32di(second, word_at(data + kBlockBytes + i));
    third = __builtin_ia32_crc32di(third, word_at(data + 2 * kBlockBytes + i));
  }
  return multiply(kOverTwoBlocks, static_cast<std::uint32_t>(first)) ^
         multiply(kOverOneBlock, static_cast<std::uint32_t>(second)) ^
         static_cast<std::uint32_t>(third);
}

__attribute__((target("sse4.2"))) std::uint32_t with_sse42(std::uint32_t state,
                                                           const std::byte* data,
                                                           std::size_t size) {
  for (; size >= 3 * kBlockBytes; size -= 3 * kBlockBytes) {
    state = three_blocks(state, data);
    data += 3 * kBlockBytes;
  }
  std::uint64_t wide = state;
  for (; size >= sizeof(std::uint64_t); size -= sizeof(std::uint64_t)) {
    wide = __builtin_ia32_crc32di(wide, word_at(data));
    data += sizeof(std::uint64_t);
  }
  state = static_cast<std::uint32_t>(wide);
  for (std::size_t i = 0; i < size; ++i) {
    state = __builtin_ia32_crc32qi(state, std::to_integer<unsigned char>(data[i]));
  }
  return state;
}
#endif

Crc32cKernel fastest_kernel() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) {
    return with_sse42;
  }
#endif
  return with_table;
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed) {
  static const Crc32cKernel kernel = fastest_kernel();
  return ~kernel(~seed, bytes.data(), bytes.size());
}

std::uint32_t crc32c_portable(std::span<const std::byte> bytes, std::uint32_t seed) {
  return ~with_table(~seed, bytes.data(), bytes.size());
}

std::uint32_t crc32c_combine(std::uint32_t first, std::uint32_t second,
                             std::uint64_t second_size_bytes) {
  // The inversions cancel: that of the first's end is that of the second's begin.
  return multiply(shift_over(second_size_bytes), first) ^ second;
}

}  // namespace temper
