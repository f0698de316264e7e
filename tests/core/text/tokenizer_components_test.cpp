// Components of a tokenizer.json on vocabularies small enough to see through. The comparison with
// Hugging Face's tokenizers on every component and setting is TextComparison.Components.
#include <gtest/gtest.h>

#include <utility>

#include "core/text/streaming_decoder.h"
#include "core/text/tokenizer.h"
#include "tests/core/text/vectors.h"

namespace temper::text {
namespace {

using Json = nlohmann::ordered_json;

Json word_level(const Json& vocabulary) {
  return {{"type", "WordLevel"}, {"unk_token", "?"}, {"vocab", vocabulary}};
}

std::unique_ptr<Tokenizer> tokenizer(const Json& sections) {
  return parse_tokenizer_json(sections.dump(), "t.json");
}

Json merges(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json list = Json::array();
  for (const auto& [left, right] : pairs) list.push_back(Json::array({left, right}));
  return list;
}

/// The tokens of a text, joined by |.
std::string tokens(const Tokenizer& tokenizer, const std::string& text) {
  std::string joined;
  for (const std::int32_t id : tokenizer.encode(text, true).ids) {
    joined += (joined.empty() ? "" : "|") + tokenizer.token_of(id);
  }
  return joined;
}

std::string error_of(const Json& sections) {
  return user_error_of([&] { tokenizer(sections); });
}

TEST(WordPieceTest, TakesTheLongestTokensOrNone) {
  const auto words = tokenizer(
      {{"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
       {"model",
        {{"type", "WordPiece"},
         {"unk_token", "?"},
         {"continuing_subword_prefix", "##"},
         {"max_input_chars_per_word", 6},
         {"vocab", {{"?", 0}, {"un", 1}, {"una", 2}, {"##able", 3}, {"##ble", 4}, {"!", 5}}}}},
       {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}}});
  EXPECT_EQ(tokens(*words, "unable !unx unable"), "una|##ble|!|?|una|##ble");
  EXPECT_EQ(tokens(*words, "unaable"), "?");  // seven characters
  const Encoding encoding = words->encode("un able", true);
  EXPECT_EQ(encoding.offsets[1], (ByteRange{3, 7}));
  EXPECT_EQ(words->decode(words->encode("unable !", true).ids, false), "unable!");
}

TEST(UnigramTest, FindsTheBestSumAndFusesUnknowns) {
  const Json vocabulary = {{"?", 0.0}, {"a", -1.0}, {"b", -1.0}, {"ab", -1.5}, {"abc", -9.0}};
  Json pairs = Json::array();
  for (const auto& [token, score] : vocabulary.items()) pairs.push_back({token, score});
  const auto pieces =
      tokenizer({{"model", {{"type", "Unigram"}, {"unk_id", 0}, {"vocab", pairs}}}});
  EXPECT_EQ(tokens(*pieces, "abba"), "ab|b|a");
  EXPECT_EQ(tokens(*pieces, "axya"), "a|?|a");
  EXPECT_EQ(pieces->encode("aéyb", true).offsets[1], (ByteRange{1, 4}));
  EXPECT_EQ(error_of({{"model", {{"type", "Unigram"}, {"unk_id", 5}, {"vocab", pairs}}}}),
            "t.json: model: unk_id 5 is none of the 5 tokens");
  const auto strict =
      tokenizer({{"model", {{"type", "Unigram"}, {"unk_id", nullptr}, {"vocab", pairs}}}});
  EXPECT_EQ(user_error_of([&] { strict->encode("axb", true); }),
            "t.json: model: a character without a token, and there is no unk_id");
}

TEST(CharacterPairEncodingTest, FallsBackToBytesAndFusesUnknowns) {
  const Json model = {
      {"type", "BPE"},
      {"unk_token", "?"},
      {"fuse_unk", true},
      {"vocab", {{"?", 0}, {"▁", 1}, {"a", 2}, {"▁a", 3}, {"<0xC3>", 4}, {"<0xA9>", 5}}},
      {"merges", merges({{"▁", "a"}})}};
  Json with_bytes = model;
  with_bytes["byte_fallback"] = true;
  const Json metaspace = {{"type", "Metaspace"}, {"replacement", "▁"}};
  const auto plain = tokenizer({{"pre_tokenizer", metaspace}, {"model", model}});
  EXPECT_EQ(tokens(*plain, "a éüa"), "▁a|▁|?|a");
  const auto bytes = tokenizer({{"pre_tokenizer", metaspace},
                                {"model", with_bytes},
                                {"decoder", {{"type", "ByteFallback"}}}});
  EXPECT_EQ(tokens(*bytes, "é"), "▁|<0xC3>|<0xA9>");
  EXPECT_EQ(bytes->encode("é", true).offsets[2], (ByteRange{0, 2}));
  EXPECT_EQ(bytes->decode(std::vector<std::int32_t>{2, 4, 5, 2, 4}, false), "aéa\uFFFD");
  EXPECT_EQ(bytes->bytes_of(4), "\xC3");
}

// The character that a merge crosses decides where a piece may be cut; the result is the same.
TEST(CharacterPairEncodingTest, MergesAcrossWordsWhereTheVocabularyDoes) {
  const auto text =
      tokenizer({{"model",
                  {{"type", "BPE"},
                   {"unk_token", "?"},
                   {"vocab", {{"?", 0}, {"a", 1}, {" ", 2}, {"b", 3}, {"a ", 4}, {"a b", 5}}},
                   {"merges", merges({{"a", " "}, {"a ", "b"}})}}}});
  EXPECT_EQ(tokens(*text, "a ba aba b"), "a b|a |a|b|a b");
}

TEST(StreamingDecoderTest, NeverSplitsACharacter) {
  const auto text = load_tokenizer_json(golden_path("tokenizer.json"));
  const std::string sample = "Hi 👩‍👩‍👧, 日本語: é";
  StreamingDecoder decoder(*text, false);
  std::string whole;
  for (const std::int32_t id : text->encode(sample, true).ids) {
    const std::string part = decoder.push(id);
    EXPECT_EQ(part.find("\uFFFD"), std::string::npos);
    whole += part;
  }
  EXPECT_EQ(whole + decoder.finish(), sample);
  EXPECT_EQ(decoder.push(*text->id_of("Ã")), "");  // the first byte of two
  EXPECT_EQ(decoder.finish(), "\uFFFD");
}

TEST(TokenizerComponentsTest, TruncationAndPaddingAreReported) {
  const auto noted = tokenizer({{"truncation", {{"max_length", 512}, {"strategy", "LongestFirst"}}},
                                {"padding", {{"pad_token", "[PAD]"}}},
                                {"model", word_level({{"?", 0}})}});
  EXPECT_EQ(noted->notices(), (std::vector<std::string>{
                                  "t.json: truncation to 512 tokens is left to data.max_length",
                                  "t.json: padding with \"[PAD]\" is not needed and left out"}));
}

TEST(TokenizerComponentsTest, BadComponentsAreErrorsWithTheirPlace) {
  const auto normalizer = [](const Json& json) {
    return error_of({{"normalizer", json}, {"model", word_level({{"?", 0}})}});
  };
  EXPECT_EQ(normalizer({{"type", "Precompiled"}, {"precompiled_charsmap", "???"}}),
            "t.json: normalizer: \"precompiled_charsmap\" is not valid base64");
  EXPECT_EQ(normalizer({{"type", "Precompiled"}, {"precompiled_charsmap", "/////w=="}}),
            "t.json: normalizer: a charsmap of 4 bytes can't hold a trie of 4294967295");
  EXPECT_EQ(normalizer({{"type", "Replace"}, {"pattern", {{"String", ""}}}, {"content", "a"}}),
            "t.json: normalizer.pattern: \"String\" is empty");
  const auto pre_tokenizer = [](const Json& json) {
    return error_of({{"pre_tokenizer", json}, {"model", word_level({{"?", 0}})}});
  };
  EXPECT_EQ(pre_tokenizer({{"type", "FixedLength"}, {"length", 0}}),
            "t.json: pre_tokenizer: \"length\" must be 1 or more, found 0");
  EXPECT_EQ(pre_tokenizer({{"type", "Metaspace"}, {"replacement", "ab"}}),
            "t.json: pre_tokenizer: \"replacement\" must be one character, found \"ab\"");
  EXPECT_EQ(pre_tokenizer({{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "x"}}),
            "t.json: pre_tokenizer: prepend_scheme \"x\" is not supported");
  Json nested = {{"type", "Whitespace"}};
  for (int i = 0; i < 40; ++i) {
    nested = {{"type", "Sequence"}, {"pretokenizers", Json::array({nested})}};
  }
  EXPECT_NE(pre_tokenizer(nested).find("nested more than 16 deep"), std::string::npos);
}

TEST(TokenizerComponentsTest, BadModelsAreErrorsWithTheirPlace) {
  EXPECT_EQ(error_of({{"model", word_level({{"a", 0}})}}),
            "t.json: model: unk_token \"?\" is not in the vocabulary");
  EXPECT_EQ(error_of({{"model", word_level({{"?", 0}, {"a", 0}})}}),
            "t.json: model: id 0 belongs to two tokens, \"?\" and \"a\"");
  EXPECT_EQ(error_of({{"model", word_level({{"?", 0}, {"a", "1"}})}}),
            "t.json: model: \"vocab\": token \"a\" has the id \"1\"");
  EXPECT_EQ(
      user_error_of([] {
        parse_tokenizer_json(
            R"({"model": {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "a": 1, "a": 2}}})",
            "t.json");
      }),
      "t.json: model: token \"a\" has two ids");
  EXPECT_EQ(
      error_of(
          {{"model",
            {{"type", "BPE"}, {"vocab", {{"a", 0}, {"b", 1}}}, {"merges", merges({{"a", "b"}})}}}}),
      "t.json: model: merge 0 (\"a\" and \"b\") needs the token \"ab\", which is not in the "
      "vocabulary");
  EXPECT_EQ(error_of({{"model", {{"type", "Unigram"}, {"vocab", {{"a"}}}}}}),
            "t.json: model: \"vocab\"[0] must be a token and its score, found [\"a\"]");
  EXPECT_EQ(user_error_of([] {
              parse_tokenizer_json(std::string(100'000, '['), "t.json");
            }).substr(0, 24),
            "t.json: not valid JSON: ");
}

}  // namespace
}  // namespace temper::text
