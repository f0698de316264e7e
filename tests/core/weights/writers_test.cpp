#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/weights/gguf.h"
#include "core/weights/gguf_writer.h"
#include "core/weights/safetensors.h"
#include "core/weights/safetensors_writer.h"
#include "tests/support/temporary_directory.h"

namespace temper::weights {
namespace {

using temper::testing::read_file;
using temper::testing::TemporaryDirectory;
using temper::testing::write_file;

struct Tensors {
  std::vector<float> one = {1, 2, 3, 4, 5, 6};
  std::vector<float> two = {7, 8};
  std::vector<TensorView> views = {{"b", DataType::kF32, {2, 3}, std::as_bytes(std::span(one))},
                                   {"a", DataType::kF32, {2}, std::as_bytes(std::span(two))}};
};

TEST(SafetensorsWriterTest, WritesTheBytesOfTheWholeFileAtOnce) {
  const TemporaryDirectory root;
  const Tensors tensors;
  SafetensorsWriter writer(root / "x.safetensors", tensors.views, {{"format", "pt"}});
  for (const TensorView& tensor : writer.tensors()) {
    writer.append(tensor.bytes);
  }
  const std::string sha256 = writer.finish();
  const auto expected = serialize_safetensors(tensors.views, {{"format", "pt"}});
  const std::string written = read_file(root / "x.safetensors");
  EXPECT_EQ(written, std::string(reinterpret_cast<const char*>(expected.data()), expected.size()));
  EXPECT_EQ(sha256, sha256_hex(written));
}

TEST(SafetensorsWriterTest, NeverWritesOverAFile) {
  const TemporaryDirectory root;
  write_file(root / "x", "mine");
  EXPECT_THROW(SafetensorsWriter(root / "x", Tensors().views, {}), Error);
  EXPECT_EQ(read_file(root / "x"), "mine");
}

TEST(GgufWriterTest, IsReadBackWithItsTypesAndShapes) {
  const Tensors tensors;
  const auto image = serialize_gguf({{"general.architecture", std::string("llama")},
                                     {"adapter.lora.alpha", 2.5F},
                                     {"general.file_type", std::uint32_t{0}}},
                                    tensors.views);
  const GgufContents read = parse_gguf(image, "image");
  EXPECT_EQ(std::get<std::string>(read.metadata.at("general.architecture")), "llama");
  EXPECT_EQ(std::get<double>(read.metadata.at("adapter.lora.alpha")), 2.5);
  EXPECT_EQ(std::get<std::uint64_t>(read.metadata.at("general.file_type")), 0U);
  ASSERT_EQ(read.tensors.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read.tensors[i].name, tensors.views[i].name);
    EXPECT_EQ(read.tensors[i].shape, tensors.views[i].shape);
    EXPECT_TRUE(std::equal(read.tensors[i].bytes.begin(), read.tensors[i].bytes.end(),
                           tensors.views[i].bytes.begin(), tensors.views[i].bytes.end()));
  }
}

}  // namespace
}  // namespace temper::weights
