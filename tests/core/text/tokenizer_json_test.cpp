#include <gtest/gtest.h>

#include <thread>

#include "core/text/tokenizer.h"
#include "tests/core/text/vectors.h"
#include "tests/support/temporary_directory.h"

namespace temper::text {
namespace {

using Json = nlohmann::ordered_json;

std::string error_of(const Json& changes) {
  return user_error_of([&] { parse_tokenizer_json(small_tokenizer_json(changes), "t.json"); });
}

Json byte_level() {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}};
}

Json added(int id, const std::string& content) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

TEST(TokenizerJsonTest, NamesWhatItDoesNotSupport) {
  EXPECT_EQ(error_of({{"pre_tokenizer", {{"type", "Morse"}}}}),
            "t.json: pre_tokenizer: component \"Morse\" is not supported");
  EXPECT_EQ(error_of({{"normalizer", {{"type", "Uppercase"}}}}),
            "t.json: normalizer: component \"Uppercase\" is not supported");
  EXPECT_EQ(error_of({{"model", {{"dropout", 0.1}}}}),
            "t.json: model: \"dropout\" makes the tokens random; set it to null");
  EXPECT_EQ(error_of({{"model", {{"type", "Trigram"}}}}),
            "t.json: model: model \"Trigram\" is not supported");
  EXPECT_EQ(error_of({{"decoder", {{"type", "Morse"}}}}),
            "t.json: decoder: component \"Morse\" is not supported");
  EXPECT_EQ(error_of({{"post_processor", {{"type", "Morse"}}}}),
            "t.json: post_processor: component \"Morse\" is not supported");
  EXPECT_EQ(error_of({{"version", "2.0"}}), "t.json: version \"2.0\" is not supported");
  EXPECT_EQ(error_of({{"surprise", 1}}), "t.json: \"surprise\" is not supported (value 1)");
}

TEST(TokenizerJsonTest, NamesFlagsThatItDoesNotKnow) {
  Json flagged = byte_level();
  flagged["new_flag"] = true;
  EXPECT_EQ(error_of({{"pre_tokenizer", flagged}}),
            "t.json: pre_tokenizer: \"new_flag\" is not supported (value true)");
  EXPECT_EQ(error_of({{"pre_tokenizer", {{"type", "Digits"}}}}),
            "t.json: pre_tokenizer: \"individual_digits\" is missing");
  const Json split = {{"type", "Split"},
                      {"pattern", {{"Regex", "(a"}}},
                      {"behavior", "Isolated"},
                      {"invert", false}};
  EXPECT_EQ(error_of({{"pre_tokenizer", split}}),
            "t.json: pre_tokenizer.pattern: the regular expression (a does not compile: end "
            "pattern with unmatched parenthesis");
}

TEST(TokenizerJsonTest, RefusesAddedTokensThatClash) {
  EXPECT_EQ(error_of({{"added_tokens", {added(7, "<|endoftext|>")}}}),
            "t.json: added_tokens[0]: token \"<|endoftext|>\" has id 7, but its place gives it 0; "
            "number the added tokens on from the vocabulary");
  EXPECT_NE(error_of({{"added_tokens", {added(5000, "<new>")}}}).find("its place gives it"),
            std::string::npos);
  EXPECT_NE(error_of({{"added_tokens", {added(0, "<|endoftext|>"), added(0, "<|endoftext|>")}}})
                .find("it comes twice"),
            std::string::npos);
}

TEST(TokenizerJsonTest, ReadsBothFormsOfMerges) {
  const Json merges_as_pairs = Json::parse(small_tokenizer_json({}))["model"]["merges"];
  Json merges_as_text = Json::array();
  merges_as_text.push_back("#version: 0.2");
  for (const Json& pair : merges_as_pairs) {
    merges_as_text.push_back(pair[0].get<std::string>() + " " + pair[1].get<std::string>());
  }
  const auto pairs = parse_tokenizer_json(small_tokenizer_json({}), "t.json");
  const auto text =
      parse_tokenizer_json(small_tokenizer_json({{"model", {{"merges", merges_as_text}}}}), "t");
  const std::string sample = "The package doesn't contain documentation.";
  EXPECT_EQ(pairs->encode(sample, true).ids, text->encode(sample, true).ids);
  EXPECT_LT(pairs->encode(sample, true).ids.size(), sample.size() / 2);
  EXPECT_NE(pairs->fingerprint(), text->fingerprint());
  EXPECT_EQ(error_of({{"model", {{"merges", {"a b c"}}}}}),
            "t.json: model.merges[0]: \"a b c\" is not two tokens with a space between");
}

TEST(TokenizerJsonTest, EveryTruncationIsAUserError) {
  const std::string whole = small_tokenizer_json({});
  std::size_t step = 1;
  for (std::size_t size = 0; size < whole.size(); size += step) {
    step = size < 2000 ? 1 : 97;
    EXPECT_THROW(parse_tokenizer_json(whole.substr(0, size), "t.json"), UserError) << size;
  }
}

TEST(TokenizerJsonTest, RefusesInvalidTextAndMissingFiles) {
  const auto tokenizer = parse_tokenizer_json(small_tokenizer_json({}), "t.json");
  EXPECT_EQ(user_error_of([&] { tokenizer->encode("ab\xC3(", false); }), "invalid UTF-8 at byte 2");
  EXPECT_THROW(load_tokenizer_json("/nowhere/tokenizer.json"), UserError);
}

TEST(TokenizerJsonTest, KnowsItsVocabulary) {
  const auto tokenizer = load_tokenizer_json(golden_path("tokenizer.json"));
  EXPECT_EQ(tokenizer->id_of("<|im_end|>"), 2);
  EXPECT_EQ(tokenizer->id_of("nothing like it"), std::nullopt);
  EXPECT_EQ(tokenizer->bytes_of(2), "<|im_end|>");
  EXPECT_EQ(tokenizer->bytes_of(*tokenizer->id_of("Ġthe")), " the");
  EXPECT_EQ(tokenizer->bytes_of(1 << 20), "");
  EXPECT_GT(tokenizer->vocabulary_size(), 900);
  EXPECT_EQ(tokenizer->fingerprint().size(), 64U);
}

TEST(TokenizerJsonTest, ThreadsShareOneTokenizer) {
  const auto tokenizer = load_tokenizer_json(golden_path("tokenizer.json"));
  std::string text;
  for (int i = 0; i < 300; ++i) text += "Words, größere words & 12 numbers.\n";
  const auto expected = tokenizer->encode(text, true).ids;
  std::vector<std::thread> threads;
  std::vector<int> equal(4, 0);
  for (std::size_t i = 0; i < equal.size(); ++i) {
    threads.emplace_back([&, i] { equal[i] = tokenizer->encode(text, true).ids == expected; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, std::vector<int>(4, 1));
}

}  // namespace
}  // namespace temper::text
