#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/weights/safetensors.h"

namespace temper::weights {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string image_of(const std::string& header, std::size_t data_bytes,
                     std::optional<std::uint64_t> claimed_length = std::nullopt) {
  const std::uint64_t length = claimed_length.value_or(header.size());
  return std::string(reinterpret_cast<const char*>(&length), 8) + header +
         std::string(data_bytes, '\0');
}

std::string error_of(const std::string& image) {
  try {
    parse_safetensors(std::as_bytes(std::span(image)), "m.safetensors");
  } catch (const UserError& error) {
    return error.what();
  }
  return "(no error)";
}

struct HostileCase {
  const char* name;
  const char* header;
  std::size_t data_bytes;
  const char* message;  // a part of it
};

class SafetensorsHostileTest : public ::testing::TestWithParam<HostileCase> {};

TEST_P(SafetensorsHostileTest, IsRefusedWithTheReason) {
  EXPECT_THAT(error_of(image_of(GetParam().header, GetParam().data_bytes)),
              AllOf(StartsWith("m.safetensors: "), HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Headers, SafetensorsHostileTest,
    ::testing::Values(
        HostileCase{"OffsetPastTheEnd", R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
                    4, "do not lie in the 4 bytes of data"},
        HostileCase{"OffsetsBackwards", R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}})",
                    8, "do not lie in"},
        HostileCase{"LargestOffset",
                    R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,9223372036854775807]}})", 8,
                    "do not lie in"},
        HostileCase{"OffsetOver63Bits",
                    R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551615]}})",
                    8, "too large"},
        HostileCase{"OffsetOver64Bits",
                    R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551616]}})",
                    8, "where a non-negative integer belongs"},
        HostileCase{"NegativeOffset", R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}})",
                    8, "-1 where"},
        HostileCase{"FractionalShape", R"({"t":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})",
                    1, "1.0 where"},
        HostileCase{"Overlap",
                    R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                    R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                    6, "'b' begins at byte 2 of the data, 4 was expected: tensors overlap"},
        HostileCase{"Hole",
                    R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                    R"("b":{"dtype":"U8","shape":[4],"data_offsets":[5,9]}})",
                    9, "there is a hole"},
        HostileCase{"HoleAtTheStart", R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}})", 5,
                    "there is a hole"},
        HostileCase{"BytesLeftOver", R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 5,
                    "end at byte 4 of the data, the file has 5"},
        HostileCase{"DataWithoutTensors", "{}", 1, "end at byte 0"},
        HostileCase{"ShapeOverflow",
                    R"({"t":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})",
                    0, "the shape is impossible"},
        HostileCase{"ByteOverflow",
                    R"({"t":{"dtype":"F64","shape":[4611686018427387904],"data_offsets":[0,0]}})",
                    0, "the shape is impossible"},
        HostileCase{"ShapeOfAnotherSize",
                    R"({"t":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8,
                    "hold 8 bytes, the shape needs 12"},
        HostileCase{"DuplicateTensor",
                    R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                    R"("t":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                    2, "'t': the name occurs twice"},
        HostileCase{"DuplicateKeyInATensor",
                    R"({"t":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
                    "'t': dtype: the key occurs twice"},
        HostileCase{"DuplicateMetadata", R"({"__metadata__":{"k":"1","k":"2"}})", 0,
                    "k: the key occurs twice"},
        HostileCase{"WrongDtype", R"({"t":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})",
                    1, "'F8_E4M3' is not supported"},
        HostileCase{"QuantisedDtype",
                    R"({"t":{"dtype":"Q8_0","shape":[32],"data_offsets":[0,34]}})", 34,
                    "'Q8_0' is not supported"},
        HostileCase{"DtypeAsList", R"({"t":{"dtype":["U8"],"shape":[1],"data_offsets":[0,1]}})", 1,
                    "a list where none belongs"},
        HostileCase{"MissingShape", R"({"t":{"dtype":"U8","data_offsets":[0,1]}})", 1,
                    "needs dtype, shape and data_offsets"},
        HostileCase{"UnknownKey", R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}})",
                    1, "unknown key"},
        HostileCase{"OneOffset", R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", 1,
                    "has 1 numbers"},
        HostileCase{"ThreeOffsets", R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}})", 1,
                    "has 3 numbers"},
        HostileCase{"NestedShape", R"({"t":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}})", 1,
                    "a list where none belongs"},
        HostileCase{"NumberAsMetadata", R"({"__metadata__":{"k":1}})", 0,
                    "a number where none belongs"},
        HostileCase{"NullTensor", R"({"t":null})", 0, "null where"},
        HostileCase{"TextTensor", R"({"t":"x"})", 0, "a text where none belongs"},
        HostileCase{"ListAtTheTop", "[]", 0, "does not begin with '{'"},
        HostileCase{"SpaceFirst", " {}", 0, "does not begin with '{'"},
        HostileCase{"NoHeader", "", 0, "does not begin with '{'"},
        HostileCase{"TextAfterTheObject", "{}x", 0, "no JSON at byte"},
        HostileCase{"Unfinished", R"({"t":)", 0, "no JSON at byte"},
        HostileCase{"InvalidUtf8", "{\"\xff\":{}}", 0, "no JSON at byte"}),
    [](const auto& test) { return test.param.name; });

TEST(SafetensorsHeaderLengthTest, AHugeHeaderIsRefusedBeforeItIsRead) {
  EXPECT_THAT(error_of(image_of("{}", 0, 100'000'001)), HasSubstr("over the limit of 100000000"));
  EXPECT_THAT(error_of(image_of("{}", 0, ~std::uint64_t{0})), HasSubstr("over the limit"));
  EXPECT_THAT(error_of(image_of("{}", 0, 3)), HasSubstr("has only 2 after it"));
}

TEST(SafetensorsHeaderLengthTest, DeepNestingEndsAtTheFirstWrongLevel) {
  EXPECT_THAT(error_of(image_of("{\"t\":" + std::string(1'000'000, '['), 0)),
              HasSubstr("a list where none belongs"));
  EXPECT_THAT(error_of(image_of(R"({"t":{"shape":{"a":1}}})", 0)),
              HasSubstr("an object where none belongs"));
}

}  // namespace
}  // namespace temper::weights
