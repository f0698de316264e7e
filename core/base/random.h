#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

namespace temper {

/// What a random number is for: the first part of every key, so that streams never meet.
enum class RandomPurpose : std::uint32_t {
  kShardOrder = 1,
  kSampleOrder,
  kDropout,
  kInitWeights,
  kInitAdapter,
  kSourceOrder,
  kMixture
};

/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), the bare
/// bijection: ten rounds on a 128-bit counter under a 64-bit key.
std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter,
                                           std::array<std::uint32_t, 2> key);

/// Random words as a pure function of seed, purpose, stream and index; no state is carried, so any
/// number can be drawn anywhere. The Philox key is mix_keys({seed, purpose}), the counter is index
/// (low words) and stream (high words).
struct Philox {
  std::uint64_t seed = 0;
  RandomPurpose purpose = RandomPurpose::kDropout;

  /// Four 32-bit words for block `index` of stream `stream`.
  std::array<std::uint32_t, 4> block(std::uint64_t stream, std::uint64_t index) const;
};

/// Uniform in [0, 1) from the upper 24 bits.
inline float uniform01(std::uint32_t word) {
  return static_cast<float>(word >> 8) * 0x1p-24F;
}

/// A 64-bit mix of several integers into one key (SplitMix64 finaliser, chained).
std::uint64_t mix_keys(std::initializer_list<std::uint64_t> keys);

}  // namespace temper
