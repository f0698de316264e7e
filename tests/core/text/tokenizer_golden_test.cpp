// Ids, offsets and decoded text against Hugging Face's tokenizers, for every component.
#include <gtest/gtest.h>

#include "core/text/tokenizer.h"
#include "tests/core/text/vectors.h"

namespace temper::text {
namespace {

class TokenizerGoldenTest : public ::testing::TestWithParam<nlohmann::ordered_json> {};

TEST_P(TokenizerGoldenTest, EncodesAndDecodesAsHuggingFace) {
  const nlohmann::ordered_json& vector = GetParam();
  const auto tokenizer =
      parse_tokenizer_json(small_tokenizer_json(vector["changes"]), "tokenizer.json");
  for (const auto& expected : vector["cases"]) {
    const auto text = expected["text"].get<std::string>();
    SCOPED_TRACE(expected["text"].dump());
    const Encoding encoding = tokenizer->encode(text, true);
    EXPECT_EQ(encoding.ids, expected["ids"].get<std::vector<std::int32_t>>());
    nlohmann::ordered_json offsets = nlohmann::ordered_json::array();
    for (const ByteRange& range : encoding.offsets) offsets.push_back({range.begin, range.end});
    EXPECT_EQ(offsets, expected["offsets"]);
    EXPECT_EQ(tokenizer->decode(encoding.ids, false), expected["decoded"].get<std::string>());
    EXPECT_EQ(tokenizer->decode(encoding.ids, true), expected["skipped"].get<std::string>());
    EXPECT_EQ(tokenizer->encode(text, false).ids.size(), expected["plain"].get<std::size_t>());
  }
}

std::string name_of(const ::testing::TestParamInfo<nlohmann::ordered_json>& vector) {
  return vector.param["name"].get<std::string>();
}

INSTANTIATE_TEST_SUITE_P(Vectors, TokenizerGoldenTest,
                         ::testing::ValuesIn(golden_lines("tokenizer_vectors.jsonl")), name_of);

}  // namespace
}  // namespace temper::text
