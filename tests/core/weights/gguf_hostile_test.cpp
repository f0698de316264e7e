#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/weights/gguf.h"
#include "tests/core/weights/gguf_image.h"

namespace temper::weights {
namespace {

using ::testing::AllOf;
using testing::gguf_text;
using testing::GgufImage;
using ::testing::HasSubstr;
using testing::raw;
using ::testing::StartsWith;

constexpr std::uint64_t kHuge = ~std::uint64_t{0};

std::string header(std::uint32_t version, std::uint64_t tensors, std::uint64_t pairs) {
  return "GGUF" + raw(version) + raw(tensors) + raw(pairs);
}

std::string error_of(const std::string& image) {
  try {
    parse_gguf(std::as_bytes(std::span(image)), "m.gguf");
  } catch (const UserError& error) {
    return error.what();
  }
  return "(no error)";
}

struct HostileCase {
  const char* name;
  std::string image;
  const char* message;  // a part of it
};

class GgufHostileTest : public ::testing::TestWithParam<HostileCase> {};

TEST_P(GgufHostileTest, IsRefusedWithTheReason) {
  EXPECT_THAT(error_of(GetParam().image),
              AllOf(StartsWith("m.gguf: byte "), HasSubstr(GetParam().message)));
}

std::string name_of(const ::testing::TestParamInfo<HostileCase>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Headers, GgufHostileTest,
    ::testing::Values(
        HostileCase{"OtherMagic", "GGML" + raw(3), "is no GGUF file"},
        HostileCase{"Version1", header(1, 0, 0), "1 is not supported"},
        HostileCase{"BigEndian", header(0x03000000, 0, 0), "big-endian"},
        HostileCase{"HugeTensorCount", header(3, kHuge, 0), "a count of 18446744073709551615"},
        HostileCase{"HugePairCount", header(3, 0, kHuge), "a count of 18446744073709551615"},
        HostileCase{"OneTensorTooMany", header(3, 2, 0) + std::string(32, '\0'), "at most 1 can"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Pairs, GgufHostileTest,
    ::testing::Values(
        HostileCase{"HugeKeyLength", header(3, 0, 1) + raw(kHuge) + std::string(16, 'k'),
                    "18446744073709551615 bytes are needed"},
        HostileCase{"HugeTextLength", GgufImage().pair("k", 8, raw(kHuge)).build(),
                    "18446744073709551615 bytes are needed"},
        HostileCase{"HugeArray",
                    GgufImage().pair("k", 9, raw<std::uint32_t>(10) + raw(kHuge)).build(),
                    "a count of 18446744073709551615"},
        HostileCase{"HugeArrayOfTexts",
                    GgufImage().pair("k", 9, raw<std::uint32_t>(8) + raw(kHuge / 8)).build(),
                    "a count of 2305843009213693951"},
        HostileCase{"ArrayOfArrays",
                    GgufImage()
                        .pair("k", 9,
                              raw<std::uint32_t>(9) + raw<std::uint64_t>(1) +
                                  raw<std::uint32_t>(0) + raw<std::uint64_t>(0))
                        .build(),
                    "k: arrays of arrays are not supported"},
        HostileCase{"UnknownType", GgufImage().pair("k", 13, "x").build(), "no value type 13"},
        HostileCase{
            "UnknownArrayType",
            GgufImage().pair("k", 9, raw<std::uint32_t>(99) + raw<std::uint64_t>(0)).build(),
            "no value type 99"},
        HostileCase{"NoTruthValue", GgufImage().pair("k", 7, "\2").build(), "2 is no truth value"},
        HostileCase{"NumberOver63Bits",
                    GgufImage()
                        .pair("k", 9, raw<std::uint32_t>(10) + raw<std::uint64_t>(1) + raw(kHuge))
                        .build(),
                    "element 0 is too large"},
        HostileCase{"DuplicateKey", GgufImage().u32("k", 1).u32("k", 2).build(),
                    "k: the key occurs twice"},
        HostileCase{"AlignmentZero", GgufImage().u32("general.alignment", 0).build(),
                    "must be a power of two"},
        HostileCase{"AlignmentOdd", GgufImage().u32("general.alignment", 24).build(),
                    "must be a power of two"},
        HostileCase{"AlignmentHuge",
                    GgufImage().pair("general.alignment", 10, raw(std::uint64_t{1} << 63)).build(),
                    "must be a power of two"},
        HostileCase{"AlignmentAsText", GgufImage().text("general.alignment", "32").build(),
                    "must be a power of two"}),
    name_of);

const std::vector<float> kFour = {1, 2, 3, 4};

INSTANTIATE_TEST_SUITE_P(
    Tensors, GgufHostileTest,
    ::testing::Values(
        HostileCase{"PastTheEnd", GgufImage().tensor_at("t", 0, {1}, 32).build(),
                    "do not lie in the 0 bytes of data"},
        HostileCase{"LastOffset", GgufImage().tensor_at("t", 0, {1}, kHuge - 31).build(),
                    "do not lie in"},
        HostileCase{"LargerThanTheData",
                    GgufImage().floats("a", {4}, kFour).tensor_at("t", 0, {9}, 0).build(),
                    "36 bytes at offset 0 do not lie in the 32"},
        HostileCase{"Unaligned",
                    GgufImage().floats("a", {4}, kFour).tensor_at("t", 0, {1}, 8).build(),
                    "offset 8 is no multiple of the alignment 32"},
        HostileCase{"Overlap",
                    GgufImage().floats("a", {4}, kFour).tensor_at("t", 0, {1}, 0).build(),
                    "overlaps"},
        HostileCase{"DuplicateName",
                    GgufImage().floats("a", {4}, kFour).floats("a", {4}, kFour).build(),
                    "the name occurs twice"},
        HostileCase{"TooManyDimensions", GgufImage().tensor_at("t", 0, {1, 1, 1, 1, 1}, 0).build(),
                    "5 dimensions"},
        HostileCase{"DimensionOver63Bits", GgufImage().tensor_at("t", 0, {kHuge}, 0).build(),
                    "dimension 18446744073709551615 is too large"},
        HostileCase{"ShapeOverflow",
                    GgufImage().tensor_at("t", 0, {kHuge / 4, kHuge / 4}, 0).build(),
                    "is impossible for F32"},
        HostileCase{"ByteOverflow", GgufImage().tensor_at("t", 28, {kHuge / 4}, 0).build(),
                    "is impossible for F64"},
        HostileCase{"PartOfABlock", GgufImage().tensor_at("t", 8, {33}, 0).build(),
                    "[33] is impossible for Q8_0"},
        HostileCase{"UnsupportedType", GgufImage().tensor_at("t", 12, {256}, 0).build(),
                    "ggml type 12 is not supported"}),
    name_of);

}  // namespace
}  // namespace temper::weights
