#include "core/weights/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/base/error.h"
#include "tests/support/temporary_directory.h"

namespace temper::weights {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// What safetensors.numpy.save (safetensors 0.6) writes for weight f32 [2, 3], bias f16 [2], empty
// f32 [0, 4] and scalar i64 [], with metadata {"format": "pt"}.
std::string file_of_the_reference_writer() {
  std::string file("\x10\x01\0\0\0\0\0\0", 8);
  file +=
      R"({"__metadata__":{"format":"pt"},"scalar":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
      R"("empty":{"dtype":"F32","shape":[0,4],"data_offsets":[8,8]},)"
      R"("weight":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},)"
      R"("bias":{"dtype":"F16","shape":[2],"data_offsets":[32,36]}}     )";
  file += std::string("\x07\0\0\0\0\0\0\0", 8);
  for (const float value : {0.0F, 1.0F, 2.0F, 3.0F, 4.0F, 5.0F}) {
    file.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return file + std::string("\0\x3e\0\xc0", 4);
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::vector<float> floats_of(const TensorView& view) {
  std::vector<float> out(static_cast<std::size_t>(view.num_elements()));
  to_float32(view, 0, view.shape.at(0), out);
  return out;
}

TEST(SafetensorsTest, ReadsWhatTheReferenceWriterWrites) {
  const testing::TemporaryDirectory folder;
  testing::write_file(folder / "m.safetensors", file_of_the_reference_writer());
  const SafetensorsFile file(folder / "m.safetensors");
  EXPECT_THAT(file.metadata(), ElementsAre(Pair("format", "pt")));
  std::vector<std::string> names;
  for (const TensorView& tensor : file.tensors()) {
    names.push_back(tensor.name);
  }
  EXPECT_THAT(names, ElementsAre("bias", "empty", "scalar", "weight"));
  EXPECT_EQ(file.find("weight")->type, DataType::kF32);
  EXPECT_THAT(file.find("weight")->shape, ElementsAre(2, 3));
  EXPECT_THAT(floats_of(*file.find("weight")), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(floats_of(*file.find("bias")), ElementsAre(1.5F, -2.0F));
  EXPECT_EQ(file.find("empty")->bytes.size(), 0U);
  EXPECT_EQ(file.find("scalar")->num_elements(), 1);
  EXPECT_EQ(file.find("Weight"), nullptr);
  EXPECT_EQ(file.find("weights"), nullptr);
}

TEST(SafetensorsTest, WritesAreReadBack) {
  const std::vector<float> weight = {1, 2, 3, 4};
  const std::vector<std::int32_t> ids = {7};
  const std::vector<TensorView> tensors = {
      {"z", DataType::kF32, {2, 2}, std::as_bytes(std::span(weight))},
      {"a\"\n\u00e9", DataType::kI32, {1}, std::as_bytes(std::span(ids))},
      {"nothing", DataType::kF32, {0}, {}}};
  const std::vector<std::byte> image = serialize_safetensors(tensors, {{"b", "2"}, {"a", "1"}});
  std::map<std::string, std::string> metadata;
  const std::vector<TensorView> read = parse_safetensors(image, "image", &metadata);
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0].name, "a\"\n\u00e9");
  EXPECT_EQ(std::memcmp(read[0].bytes.data(), ids.data(), 4), 0);
  EXPECT_EQ(read[1].name, "nothing");
  EXPECT_THAT(floats_of(read[2]), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(metadata, ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST(SafetensorsTest, DataStartsOnACacheLineWhateverTheHeadersLength) {
  const std::vector<float> values(16);
  for (std::size_t length = 1; length <= 130; ++length) {
    const std::vector<TensorView> tensors = {
        {std::string(length, 'n'), DataType::kF32, {16}, std::as_bytes(std::span(values))}};
    const std::vector<std::byte> image = serialize_safetensors(tensors, {});
    const auto read = parse_safetensors(image, "image");
    EXPECT_EQ((read.at(0).bytes.data() - image.data()) % 64, 0) << length;
  }
}

TEST(SafetensorsTest, TheOrderOfTheInputDoesNotMatter) {
  const std::vector<float> values = {1, 2};
  const auto bytes = std::as_bytes(std::span(values));
  const TensorView a{"a", DataType::kF32, {1}, bytes.first(4)};
  const TensorView b{"b", DataType::kF32, {1}, bytes.last(4)};
  EXPECT_EQ(serialize_safetensors({a, b}, {{"k", "v"}}),
            serialize_safetensors({b, a}, {{"k", "v"}}));
}

TEST(SafetensorsTest, AFileWithoutTensorsIsAFile) {
  EXPECT_TRUE(parse_safetensors(serialize_safetensors({}, {}), "image").empty());
}

TEST(SafetensorsTest, EveryTruncationIsRefused) {
  const std::string whole = file_of_the_reference_writer();
  ASSERT_EQ(parse_safetensors(bytes_of(whole), "whole").size(), 4U);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    // A copy of exactly this length, so that the sanitizers see a read past its end.
    const std::string cut = whole.substr(0, length);
    EXPECT_THROW(parse_safetensors(bytes_of(cut), "cut"), UserError) << length;
  }
}

TEST(SafetensorsTest, EveryDamagedHeaderByteIsRefusedOrHarmless) {
  const std::string whole = file_of_the_reference_writer();
  int refused = 0;
  for (std::size_t i = 0; i < 8 + 0x110; ++i) {
    for (const char damage : {'\0', '"', '9', '\xff', '}'}) {
      std::string damaged = whole;
      damaged[i] = damage;
      try {
        for (const TensorView& tensor : parse_safetensors(bytes_of(damaged), "damaged")) {
          EXPECT_EQ(checked_size_in_bytes(tensor.type, tensor.shape), tensor.bytes.size());
        }
      } catch (const UserError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

using SafetensorsDeathTest = ::testing::Test;

TEST(SafetensorsDeathTest, WritingWhatTheFormatDoesNotHaveIsOurBug) {
  const std::vector<std::byte> block(34);
  EXPECT_DEATH(serialize_safetensors({{"q", DataType::kQ8_0, {32}, block}}, {}),
               "not in safetensors");
  EXPECT_DEATH(serialize_safetensors({{"f", DataType::kF32, {8}, block}}, {}), "34 bytes");
  const TensorView twice{"t", DataType::kU8, {34}, block};
  EXPECT_DEATH(serialize_safetensors({twice, twice}, {}), "twice");
}

}  // namespace
}  // namespace temper::weights
