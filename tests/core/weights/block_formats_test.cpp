#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "core/base/hash.h"
#include "core/weights/tensor_file.h"

namespace temper::weights {
namespace {

// Points into `values`.
template <class T>
TensorView view_of(DataType type, std::vector<std::int64_t> shape, const std::vector<T>& values) {
  return {"t", type, std::move(shape), std::as_bytes(std::span(values))};
}

std::vector<float> all_floats(const TensorView& view) {
  std::vector<float> out(static_cast<std::size_t>(view.num_elements()));
  to_float32(view, 0, view.shape.at(0), out);
  return out;
}

// IEEE 754 binary16 by its definition, in double.
double half_by_definition(std::uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int mantissa = half & 1023;
  const double sign = (half & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) {
    return mantissa == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  return sign *
         (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25));
}

TEST(BlockFormatsTest, EveryHalfConvertsExactly) {
  std::vector<std::uint16_t> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) {
    halves[i] = static_cast<std::uint16_t>(i);
  }
  const std::vector<float> floats = all_floats(view_of(DataType::kF16, {65536}, halves));
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const double expected = half_by_definition(halves[i]);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(floats[i])) << i;
    } else {
      ASSERT_EQ(static_cast<double>(floats[i]), expected) << i;
      ASSERT_EQ(std::signbit(floats[i]), (halves[i] & 0x8000) != 0) << i;
    }
  }
}

TEST(BlockFormatsTest, Bfloat16IsTheUpperHalfOfAFloat) {
  const std::vector<std::uint16_t> values = {0x3f80, 0xc020, 0x0001, 0x7f80, 0x8000};
  const std::vector<float> floats = all_floats(view_of(DataType::kBF16, {5}, values));
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(floats[i]), std::uint32_t{values[i]} << 16);
  }
}

TEST(BlockFormatsTest, DoublesAreRounded) {
  const std::vector<double> values = {0.1, -3.0};
  EXPECT_EQ(all_floats(view_of(DataType::kF64, {2}, values)), (std::vector<float>{0.1F, -3.0F}));
}

TEST(BlockFormatsTest, RowsAreTakenOutOfTheMiddle) {
  const std::vector<float> values = {0, 1, 2, 3, 4, 5};
  const TensorView view = view_of(DataType::kF32, {3, 2}, values);
  std::vector<float> out(4);
  to_float32(view, 1, 3, out);
  EXPECT_EQ(out, (std::vector<float>{2, 3, 4, 5}));
  to_float32(view, 3, 3, {});  // no rows: nothing to do
}

// 1,000 blocks of the bits of a linear congruential generator, scales kept finite; `sha256` is of
// what gguf-py 0.19 (gguf.quants.dequantize) makes of them.
struct QuantisedCase {
  DataType type;
  std::size_t block_bytes;
  std::size_t halves;  // f16 numbers at the start of a block
  const char* sha256;
};

class QuantisedTest : public ::testing::TestWithParam<QuantisedCase> {};

TEST_P(QuantisedTest, GivesTheBitsThatGgufPyGives) {
  const QuantisedCase& format = GetParam();
  std::uint64_t state = 1;
  std::vector<std::uint8_t> bytes(1000 * format.block_bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    bytes[i] = static_cast<std::uint8_t>(state >> 33);
    const std::size_t place = i % format.block_bytes;
    if (place < 2 * format.halves && place % 2 == 1) {
      bytes[i] &= 0xbb;
    }
  }
  const std::vector<float> floats = all_floats(view_of(format.type, {1000, 32}, bytes));
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span(floats))), format.sha256);
}

INSTANTIATE_TEST_SUITE_P(
    Formats, QuantisedTest,
    ::testing::Values(
        QuantisedCase{DataType::kQ8_0, 34, 1,
                      "7a29dd2ffc04cc390c8bcf7a16572957e84110a5f76fe2f654ccd280b781ea6e"},
        QuantisedCase{DataType::kQ4_0, 18, 1,
                      "b75d3d8db428a8ae576f7907fa2b1ecae9510992ea95f8bd2b06347e81a0c160"},
        QuantisedCase{DataType::kQ4_1, 20, 2,
                      "5023cd72dc0552d60aa6077761aa4a9ce84ef9fd43b05cf90f81e03dc716a68a"}),
    [](const auto& test) { return data_type_name(test.param.type); });

TEST(TensorSizeTest, ShapesThatCannotBeAreNoSize) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(checked_size_in_bytes(DataType::kF32, Shape{2, 3}), 24U);
  EXPECT_EQ(checked_size_in_bytes(DataType::kF32, Shape{}), 4U);
  EXPECT_EQ(checked_size_in_bytes(DataType::kF32, Shape{0, 7}), 0U);
  EXPECT_EQ(checked_size_in_bytes(DataType::kQ8_0, Shape{2, 64}), 136U);
  EXPECT_EQ(checked_size_in_bytes(DataType::kQ8_0, Shape{64, 2}), std::nullopt);  // part of a block
  EXPECT_EQ(checked_size_in_bytes(DataType::kF32, Shape{-1}), std::nullopt);
  EXPECT_EQ(checked_size_in_bytes(DataType::kU8, Shape{kHuge, 2}), std::nullopt);
  EXPECT_EQ(checked_size_in_bytes(DataType::kF64, Shape{kHuge}), std::nullopt);
  EXPECT_EQ(checked_size_in_bytes(DataType::kF64, Shape{kHuge, kHuge, 0}), std::nullopt);
}

using BlockFormatsDeathTest = ::testing::Test;

TEST(BlockFormatsDeathTest, WrongSizesAreOurBugs) {
  const std::vector<float> values = {0, 1, 2, 3};
  const TensorView view = view_of(DataType::kF32, {2, 2}, values);
  std::vector<float> out(3);
  EXPECT_DEATH(to_float32(view, 0, 2, out), "4 elements into 3");
  EXPECT_DEATH(to_float32(view, 0, 3, out), "rows \\[0, 3\\) of 2");
}

}  // namespace
}  // namespace temper::weights
