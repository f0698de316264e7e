#include "trainer/train/dynamic_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/support/seed.h"

namespace temper::train {
namespace {

using Range = DynamicMap::Range;

float distance(const DynamicMap& map, int code, float value) {
  return std::fabs(map.decode(static_cast<std::uint8_t>(code)) - value);
}

// What the header promises, by looking at all codes.
void expect_nearest(const DynamicMap& map, float value) {
  const int code = map.encode(value);
  for (int other = 0; other < 256; ++other) {
    // Boundaries are rounded to float, so a tie may go either way by one part in 2^23.
    ASSERT_LE(distance(map, code, value), distance(map, other, value) + 2e-7F * std::fabs(value))
        << value << " became code " << code << ", " << other << " is nearer";
  }
}

// As bitsandbytes.functional.create_dynamic_map(signed) gives them.
TEST(DynamicMapTest, HasTheNumbersOfBitsandbytes) {
  const DynamicMap with_sign(Range::kSigned);
  EXPECT_FLOAT_EQ(with_sign.decode(0), -0.99296875F);
  EXPECT_FLOAT_EQ(with_sign.decode(126), -5.5e-7F);
  EXPECT_EQ(with_sign.decode(127), 0);
  EXPECT_FLOAT_EQ(with_sign.decode(128), 5.5e-7F);
  EXPECT_FLOAT_EQ(with_sign.decode(129), 3.25e-6F);
  EXPECT_FLOAT_EQ(with_sign.decode(254), 0.99296875F);
  EXPECT_EQ(with_sign.decode(255), 1);
  const DynamicMap without(Range::kUnsigned);
  EXPECT_EQ(without.decode(0), 0);
  EXPECT_FLOAT_EQ(without.decode(1), 3.25e-7F);
  EXPECT_FLOAT_EQ(without.decode(2), 7.75e-7F);
  EXPECT_FLOAT_EQ(without.decode(254), 0.996484375F);
  EXPECT_EQ(without.decode(255), 1);
}

TEST(DynamicMapTest, CodesOfItsOwnNumbersAreThemselves) {
  for (const Range range : {Range::kSigned, Range::kUnsigned}) {
    const DynamicMap map(range);
    for (int code = 0; code < 256; ++code) {
      EXPECT_EQ(map.encode(map.decode(static_cast<std::uint8_t>(code))), code);
    }
  }
}

TEST(DynamicMapTest, EncodesToTheNearest) {
  std::mt19937_64 random(temper::testing::test_seed());
  std::uniform_real_distribution<float> exponent(-30, 0);
  const DynamicMap with_sign(Range::kSigned);
  const DynamicMap without(Range::kUnsigned);
  for (int i = 0; i < 20'000; ++i) {
    const float value = std::exp2(exponent(random));
    expect_nearest(without, value);
    expect_nearest(with_sign, value);
    expect_nearest(with_sign, -value);
  }
  for (int code = 0; code < 255; ++code) {  // both sides of every boundary
    const float middle = 0.5F * (without.decode(static_cast<std::uint8_t>(code)) +
                                 without.decode(static_cast<std::uint8_t>(code + 1)));
    expect_nearest(without, std::nextafter(middle, 0.0F));
    expect_nearest(without, middle);
    expect_nearest(without, std::nextafter(middle, 1.0F));
  }
  for (const float value : {0.0F, -0.0F, 1e-45F, 1e-30F, 1.0F}) {
    expect_nearest(with_sign, value);
    expect_nearest(without, std::fabs(value));
  }
}

}  // namespace
}  // namespace temper::train
