#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace temper::train {

/// 256 numbers between -1 (or 0) and 1, dense near zero and near one: an indicator bit, seven
/// decades, and a linear fraction within each. "Dynamic tree" quantisation of Dettmers, "8-Bit
/// Approximations for Parallelism in Deep Learning" (2015), and "8-bit Optimizers via Block-wise
/// Quantization" (2021); the numbers of bitsandbytes' create_dynamic_map.
class DynamicMap {
 public:
  enum class Range { kSigned, kUnsigned };
  explicit DynamicMap(Range range);

  /// The number behind a code; codes ascend with their numbers.
  float decode(std::uint8_t code) const { return values_[code]; }

  /// The code of the nearest number; of two as near, that of the smaller magnitude. `value` is in
  /// [-1, 1], or [0, 1].
  std::uint8_t encode(float value) const {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const auto bin = static_cast<std::int32_t>((bits & 0x7FFFFFFFU) >> (23 - kBinBits)) - kFirstBin;
    const float size = std::bit_cast<float>(bits & 0x7FFFFFFFU);
    int magnitude = magnitude_of_bin_[static_cast<std::size_t>(std::max(bin, 0))];
    magnitude += size > upper_[static_cast<std::size_t>(magnitude)] ? 1 : 0;
    return static_cast<std::uint8_t>(bits >> 31 ? zero_ - std::min(magnitude, zero_)
                                                : zero_ + magnitude);
  }

 private:
  // Magnitudes of one octave fall into 128 bins by the first bits of their mantissa; no bin holds
  // more than one boundary between codes, so a look-up and one comparison find the nearest.
  static constexpr int kOctaves = 23;  // below 2^-23 all is zero
  static constexpr int kBinBits = 7;
  static constexpr std::int32_t kFirstBin = (127 - kOctaves) << kBinBits;

  int zero_;  // the code of 0; magnitudes count from it, in both directions
  std::array<float, 256> values_{};
  std::array<float, 257> upper_{};  // upper_[m]: where magnitude m ends and m + 1 begins
  std::array<std::uint8_t, (kOctaves << kBinBits) + 1> magnitude_of_bin_{};
};

}  // namespace temper::train
