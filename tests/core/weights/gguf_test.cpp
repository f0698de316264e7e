#include "core/weights/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/core/weights/gguf_image.h"
#include "tests/support/temporary_directory.h"

namespace temper::weights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// What gguf-py 0.19's GGUFWriter writes for the pairs and tensors that ReadsWhatGgufPyWrites names.
std::string file_of_gguf_py() {
  constexpr std::string_view kHex =
      "474755460300000002000000000000000800000000000000140000000000000067656e6572616c2e6172636869"
      "746563747572650800000005000000000000006c6c616d61010000000000000075040000000700000003000000"
      "000000007965730700000001010000000000000066060000000000003f03000000000000006e656705000000fd"
      "ffffff0500000000000000776f7264730900000008000000020000000000000001000000000000006102000000"
      "00000000626303000000000000006964730900000005000000020000000000000001000000feffffff04000000"
      "000000006e616d6508000000040000000000000074696e7903000000000000006f6e6502000000030000000000"
      "00000200000000000000000000000000000000000000030000000000000074776f020000002000000000000000"
      "0200000000000000080000002000000000000000";
  constexpr std::string_view kDataHex =
      "000000000000803f0000004000004040000080400000a040000000000000000008208185898d9195999da1a5a9"
      "adb1b5b9bdc2c6caced2d6dadee2e6eaeef2f6fafe082002060a0e12161a1e22262a2e32363a3e43474b4f5357"
      "5b5f63676b6f73777b7f";
  const auto unhex = [](std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return bytes;
  };
  std::string file = unhex(kHex);
  file.append((32 - file.size() % 32) % 32, '\0');
  return file + unhex(kDataHex);
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(GgufTest, ReadsWhatGgufPyWrites) {
  const testing::TemporaryDirectory folder;
  testing::write_file(folder / "m.gguf", file_of_gguf_py());
  const GgufFile file(folder / "m.gguf");
  EXPECT_EQ(*file.string("general.architecture"), "llama");
  EXPECT_EQ(*file.string("name"), "tiny");
  EXPECT_EQ(file.integer("u"), 7);
  EXPECT_EQ(file.integer("neg"), -3);
  EXPECT_EQ(file.number("f"), 0.5);
  EXPECT_EQ(file.boolean("yes"), true);
  EXPECT_THAT(file.array("words")->strings, ElementsAre("a", "bc"));
  EXPECT_THAT(file.array("ids")->integers, ElementsAre(1, -2));
  ASSERT_EQ(file.tensors().size(), 2U);
  const TensorView& one = *file.find("one");
  EXPECT_THAT(one.shape, ElementsAre(2, 3));
  std::vector<float> row(3);
  to_float32(one, 1, 2, row);
  EXPECT_THAT(row, ElementsAre(3, 4, 5));
  const TensorView& two = *file.find("two");
  EXPECT_EQ(two.type, DataType::kQ8_0);
  EXPECT_THAT(two.shape, ElementsAre(2, 32));
  std::vector<float> first(32);
  to_float32(two, 0, 1, first);
  EXPECT_EQ(first[0], -0.99993896F);
  EXPECT_EQ(first[1], -0.9684448F);
}

TEST(GgufTest, LookUpsAreTyped) {
  const testing::TemporaryDirectory folder;
  testing::write_file(folder / "m.gguf", file_of_gguf_py());
  const GgufFile file(folder / "m.gguf");
  EXPECT_EQ(file.string("no"), nullptr);
  EXPECT_EQ(file.integer("no"), std::nullopt);
  EXPECT_EQ(file.number("no"), std::nullopt);
  EXPECT_EQ(file.boolean("no"), std::nullopt);
  EXPECT_EQ(file.array("no"), nullptr);
  EXPECT_EQ(file.find("no"), nullptr);
  EXPECT_THAT([&] { file.string("u"); }, ThrowsMessage<UserError>(HasSubstr("u is not a string")));
  EXPECT_THAT([&] { file.integer("f"); },
              ThrowsMessage<UserError>(HasSubstr("f is not an integer")));
  EXPECT_THAT([&] { file.number("u"); }, ThrowsMessage<UserError>(HasSubstr("floating-point")));
  EXPECT_THAT([&] { file.boolean("u"); }, ThrowsMessage<UserError>(HasSubstr("truth value")));
  EXPECT_THAT([&] { file.array("u"); }, ThrowsMessage<UserError>(HasSubstr("an array")));
}

TEST(GgufTest, EveryNumberTypeWidens) {
  using testing::raw;
  testing::GgufImage image;
  image.pair("u8", 0, raw<std::uint8_t>(200)).pair("i8", 1, raw<std::int8_t>(-2));
  image.pair("u16", 2, raw<std::uint16_t>(60000)).pair("i16", 3, raw<std::int16_t>(-300));
  image.pair("u64", 10, raw<std::uint64_t>(1) + "").pair("i64", 11, raw<std::int64_t>(-5));
  image.pair("f64", 12, raw(0.25)).pair("huge", 10, raw(~std::uint64_t{0}));
  image.pair("flags", 9, raw<std::uint32_t>(7) + raw<std::uint64_t>(2) + std::string("\1\0", 2));
  image.pair("scores", 9, raw<std::uint32_t>(6) + raw<std::uint64_t>(1) + raw(-0.5F));
  const testing::TemporaryDirectory folder;
  testing::write_file(folder / "m.gguf", image.build(2));
  const GgufFile file(folder / "m.gguf");
  EXPECT_EQ(file.integer("u8"), 200);
  EXPECT_EQ(file.integer("i8"), -2);
  EXPECT_EQ(file.integer("u16"), 60000);
  EXPECT_EQ(file.integer("i16"), -300);
  EXPECT_EQ(file.integer("u64"), 1);
  EXPECT_EQ(file.integer("i64"), -5);
  EXPECT_EQ(file.number("f64"), 0.25);
  EXPECT_THAT([&] { file.integer("huge"); }, ThrowsMessage<UserError>(HasSubstr("too large")));
  EXPECT_THAT(file.array("flags")->integers, ElementsAre(1, 0));
  EXPECT_THAT(file.array("scores")->floats, ElementsAre(-0.5));
}

TEST(GgufTest, EveryTruncationIsRefused) {
  const std::string whole = file_of_gguf_py();
  ASSERT_EQ(parse_gguf(bytes_of(whole), "whole").tensors.size(), 2U);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string cut = whole.substr(0, length);
    EXPECT_THROW(parse_gguf(bytes_of(cut), "cut"), UserError) << length;
  }
}

TEST(GgufTest, EveryDamagedByteIsRefusedOrHarmless) {
  const std::string whole = file_of_gguf_py();
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char damage : {'\0', '\x01', '\x7f', '\xff'}) {
      std::string damaged = whole;
      damaged[i] = damage;
      try {
        for (const TensorView& tensor : parse_gguf(bytes_of(damaged), "damaged").tensors) {
          EXPECT_EQ(checked_size_in_bytes(tensor.type, tensor.shape), tensor.bytes.size());
        }
      } catch (const UserError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace temper::weights
