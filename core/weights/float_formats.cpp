#include "core/weights/float_formats.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/base/check.h"

namespace temper::weights {
namespace {

constexpr std::uint32_t kMagnitude = 0x7fffffffU;
constexpr std::uint16_t kHalfInfinity = 0x7c00;
constexpr std::uint16_t kBrainInfinity = 0x7f80;

std::uint16_t to_bf16(std::uint32_t bits) {
  return static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

// Exponent bias 127 → 15. Below 2^-14 a half has steps of 2^-24, which are those of a float between
// 0.5 and 1: adding 0.5 rounds to them.
std::uint16_t to_f16(std::uint32_t bits) {
  constexpr std::uint32_t kSmallestNormal = 0x38800000U;  // 2^-14
  constexpr std::uint32_t kTooLarge = 0x47800000U;        // 2^16
  const std::uint32_t magnitude = bits & kMagnitude;
  std::uint32_t half = 0;
  if (magnitude >= kTooLarge) {
    half = kHalfInfinity;
  } else if (magnitude < kSmallestNormal) {
    half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) -
           std::bit_cast<std::uint32_t>(0.5F);
  } else {
    half = ((magnitude + 0xfffU + (magnitude >> 13 & 1U)) >> 13) - (112U << 10);
  }
  return static_cast<std::uint16_t>(half | (bits >> 16 & 0x8000U));
}

template <class Convert>
bool convert_to_16_bits(std::span<const float> values, std::uint16_t infinity,
                        const Convert& convert, std::span<std::byte> out) {
  bool fits = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(values[i]);
    const std::uint16_t stored = convert(bits);
    fits = fits && (bits & kMagnitude) < 0x7f800000U && (stored & 0x7fffU) < infinity;
    std::memcpy(out.data() + 2 * i, &stored, sizeof stored);
  }
  return fits;
}

}  // namespace

bool from_float32(std::span<const float> values, DataType type, std::span<std::byte> out) {
  CHECK(out.size() == size_in_bytes(type, values.size()), "{} bytes for {} of {}", out.size(),
        values.size(), data_type_name(type));
  if (type == DataType::kF16) {
    return convert_to_16_bits(values, kHalfInfinity, to_f16, out);
  }
  if (type == DataType::kBF16) {
    return convert_to_16_bits(values, kBrainInfinity, to_bf16, out);
  }
  CHECK(type == DataType::kF32, "to {}", data_type_name(type));
  if (!values.empty()) {
    std::memcpy(out.data(), values.data(), out.size());
  }
  float sum = 0;  // x - x is 0 for every finite x
  for (const float value : values) {
    sum += value - value;
  }
  return sum == 0;
}

}  // namespace temper::weights
