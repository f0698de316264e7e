#pragma once

#include <bit>
#include <cstdint>

/// Plain loops are compiled for AVX-512, for AVX2 + FMA and for the baseline; the loader picks at
/// start.
/// The bits of a result belong to a device kind, so the two may differ in the last digit.
/// (Sanitizers can't instrument the loader's resolvers.)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__x86_64__)
#define TEMPER_VECTORISED
#else
#define TEMPER_VECTORISED \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif

namespace temper::model {

/// e^x for finite x, 2 units in the last place; 0 below −87.3, clamped above 88.3. Branch-free, so
/// that loops over it vectorise. Range reduction by ln 2 in two parts and a degree-6 polynomial
/// (Cephes expf).
[[gnu::always_inline]] inline float vector_exp(float x) {
  const float clamped = x < -87.3F ? -87.3F : (x > 88.3F ? 88.3F : x);
  const float shifted =
      clamped * 1.44269504088896341F + 12582912.0F;  // round to nearest in the mantissa
  const float n = shifted - 12582912.0F;
  const float r = (clamped - n * 0.693359375F) - n * -2.12194440e-4F;
  float p = 1.9875691500E-4F;
  p = p * r + 1.3981999507E-3F;
  p = p * r + 8.3334519073E-3F;
  p = p * r + 4.1665795894E-2F;
  p = p * r + 1.6666665459E-1F;
  p = p * r + 5.0000001201E-1F;
  p = p * r * r + r + 1.0F;
  const auto exponent = std::bit_cast<std::int32_t>(shifted) << 23;  // low bits of shifted hold n
  const float scaled = std::bit_cast<float>(std::bit_cast<std::int32_t>(p) + exponent);
  return x < -87.3F ? 0.0F : (x != x ? x : scaled);
}

}  // namespace temper::model
