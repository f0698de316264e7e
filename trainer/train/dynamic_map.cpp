#include "trainer/train/dynamic_map.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/check.h"

namespace temper::train {
namespace {

constexpr int kDecades = 7;

// 0, then in each decade the middles of 2^i (signed) or 2^(i + 1) equal parts of [0.1, 1], then 1.
std::vector<float> magnitudes(bool is_signed) {
  std::vector<float> result = {0.0F};
  for (int decade = 0; decade < kDecades; ++decade) {
    const int parts = 1 << (decade + (is_signed ? 0 : 1));
    const double unit = std::pow(10.0, decade - (kDecades - 1));
    for (int part = 0; part < parts; ++part) {
      result.push_back(static_cast<float>(unit * (0.1 + 0.9 * (part + 0.5) / parts)));
    }
  }
  result.push_back(1.0F);
  return result;
}

}  // namespace

DynamicMap::DynamicMap(Range range) : zero_(range == Range::kSigned ? 127 : 0) {
  const std::vector<float> sizes = magnitudes(range == Range::kSigned);
  CHECK(zero_ + static_cast<int>(sizes.size()) == 256, "{} magnitudes", sizes.size());
  for (int code = 0; code < 256; ++code) {
    const float size = sizes[static_cast<std::size_t>(std::abs(code - zero_))];
    values_[static_cast<std::size_t>(code)] = code < zero_ ? -size : size;
  }
  upper_.fill(std::numeric_limits<float>::infinity());
  for (std::size_t m = 0; m + 1 < sizes.size(); ++m) {
    upper_[m] = 0.5F * (sizes[m] + sizes[m + 1]);
  }
  std::uint8_t magnitude = 0;
  for (std::size_t bin = 0; bin < magnitude_of_bin_.size(); ++bin) {
    const auto edge =
        std::bit_cast<float>((kFirstBin + static_cast<std::int32_t>(bin)) << (23 - kBinBits));
    const std::uint8_t before = magnitude;
    while (edge > upper_[magnitude]) {
      ++magnitude;
    }
    CHECK(magnitude <= before + 1, "bin {} holds two boundaries", bin);
    magnitude_of_bin_[bin] = magnitude;
  }
}

}  // namespace temper::train
