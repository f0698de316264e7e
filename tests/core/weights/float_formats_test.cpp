#include "core/weights/float_formats.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace temper::weights {
namespace {

std::uint16_t stored(float value, DataType type, bool* fits = nullptr) {
  std::uint16_t bits = 0;
  const bool ok = from_float32({&value, 1}, type, std::as_writable_bytes(std::span(&bits, 1)));
  if (fits != nullptr) {
    *fits = ok;
  }
  return bits;
}

float read(std::uint16_t bits, DataType type) {
  float value = 0;
  to_float32({"x", type, {1}, std::as_bytes(std::span(&bits, 1))}, 0, 1, {&value, 1});
  return value;
}

// Every finite 16-bit number, and what lies between it and the next: below, at and above the
// middle.
TEST(FloatFormatsTest, RoundsToTheNearestAndTiesToEven) {
  for (const DataType type : {DataType::kF16, DataType::kBF16}) {
    const std::uint32_t infinity = type == DataType::kF16 ? 0x7c00 : 0x7f80;
    for (std::uint32_t bits = 0; bits + 1 < infinity; ++bits) {
      const auto low = static_cast<std::uint16_t>(bits);
      const auto high = static_cast<std::uint16_t>(bits + 1);
      const float middle = static_cast<float>(
          (static_cast<double>(read(low, type)) + static_cast<double>(read(high, type))) / 2);
      const std::uint16_t even = bits % 2 == 0 ? low : high;
      ASSERT_EQ(stored(read(low, type), type), low);
      ASSERT_EQ(stored(middle, type), even) << bits;
      ASSERT_EQ(stored(std::nextafter(middle, 0.0F), type), low) << bits;
      ASSERT_EQ(stored(std::nextafter(middle, INFINITY), type), high) << bits;
      ASSERT_EQ(stored(-middle, type), even | 0x8000U) << bits;
    }
  }
}

TEST(FloatFormatsTest, SaysWhatDoesNotFit) {
  bool fits = true;
  EXPECT_EQ(stored(65519.0F, DataType::kF16, &fits), 0x7bff);
  EXPECT_TRUE(fits);
  stored(65520.0F, DataType::kF16, &fits);
  EXPECT_FALSE(fits);
  stored(std::numeric_limits<float>::max(), DataType::kBF16, &fits);
  EXPECT_FALSE(fits);
  for (const float value : {NAN, INFINITY, -INFINITY}) {
    for (const DataType type : {DataType::kF16, DataType::kBF16}) {
      stored(value, type, &fits);
      EXPECT_FALSE(fits) << value;
    }
    float copy = 0;
    EXPECT_FALSE(
        from_float32({&value, 1}, DataType::kF32, std::as_writable_bytes(std::span(&copy, 1))));
  }
}

}  // namespace
}  // namespace temper::weights
