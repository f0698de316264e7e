// Each splitter written by hand cuts as the regex engine does with its regex.
#include <gtest/gtest.h>

#include <random>

#include "core/text/splitters/deepseek_splitters.h"
#include "core/text/splitters/gpt2_splitter.h"
#include "core/text/splitters/llama3_splitter.h"
#include "core/text/splitters/o200k_splitter.h"
#include "core/text/utf8.h"
#include "tests/support/seed.h"

namespace temper::text {
namespace {

std::vector<std::string> split(const Pattern& pattern, const std::string& text) {
  std::vector<ByteRange> matches;
  pattern.find_all(text, &matches);
  std::vector<std::string> pieces;
  for (const ByteRange& match : matches) {
    pieces.push_back(text.substr(match.begin, match.end - match.begin));
  }
  return pieces;
}

struct Splitter {
  const char* name;
  std::string_view regex;
};

class HandWrittenSplitterTest : public ::testing::TestWithParam<Splitter> {
 protected:
  HandWrittenSplitterTest()
      : splitter_(make_hand_written(GetParam().regex)),
        // In a group, so that the hand-written splitter does not take over.
        engine_(make_regex_pattern("(?:" + std::string(GetParam().regex) + ")", "test")) {}

  void expect_same(const std::string& text) const {
    ASSERT_EQ(split(*splitter_, text), split(*engine_, text)) << text;
  }

  std::unique_ptr<Pattern> splitter_;
  std::unique_ptr<Pattern> engine_;
};

TEST_P(HandWrittenSplitterTest, ClassifiesCharactersAsTheRegexEngine) {
  ASSERT_NE(splitter_, nullptr);
  std::string text;
  // Every block, and the whole of the first ones; the comparison with Hugging Face takes them all.
  for (char32_t code = 0; code < 0x110000; code += code < 0x600 ? 1 : 61) {
    if (code >= 0xD800 && code < 0xE000) continue;
    for (const char* before : {"a", "1 ", "'", "A"}) {
      text += before;
      append_utf8(code, &text);
    }
    if (text.size() < 2000) continue;
    expect_same(text);
    text.clear();
  }
}

TEST_P(HandWrittenSplitterTest, CutsRandomTextAsTheRegexEngine) {
  std::mt19937_64 random(testing::test_seed());
  const std::vector<std::string> parts = {
      " ",     "  ",  "\n", "\t", "\r\n", "/",  "'",      "'s",     "'S",   "'ll", "'Ve",
      "'v",    "'re", "'ſ", "a",  "Zz",   "é",  "É",      "ǅ",      "ʰ",    "1",   "½",
      "12345", "-",   "…",  "$",  "日",   "の", "\u3000", "\u0301", "\x01", "_"};
  for (int round = 0; round < 1500; ++round) {
    std::string text;
    for (std::size_t i = random() % 12; i > 0; --i) text += parts[random() % parts.size()];
    expect_same(text);
  }
}

INSTANTIATE_TEST_SUITE_P(Regexes, HandWrittenSplitterTest,
                         ::testing::Values(Splitter{"Gpt2", kGpt2Regex},
                                           Splitter{"Llama3", kLlama3Regex},
                                           Splitter{"Qwen2", kQwen2Regex},
                                           Splitter{"O200k", kO200kRegex},
                                           Splitter{"Tekken", kTekkenRegex},
                                           Splitter{"DeepseekNumbers", kDeepseekNumberRegex},
                                           Splitter{"DeepseekCjk", kDeepseekCjkRegex},
                                           Splitter{"DeepseekWords", kDeepseekWordRegex}),
                         [](const auto& splitter) { return std::string(splitter.param.name); });

TEST(Gpt2SplitterTest, CutsWordsContractionsAndSpaces) {
  EXPECT_EQ(split(Gpt2Splitter(), "I'll say  'so'\n\n x²1 "),
            (std::vector<std::string>{"I", "'ll", " say", " ", " '", "so", "'", "\n\n", " x", "²1",
                                      " "}));
}

TEST(O200kSplitterTest, CutsWhereCapitalsBegin) {
  EXPECT_EQ(split(O200kSplitter(3, true), "HTTPServer iPhone's DON'T 日本GO 12345"),
            (std::vector<std::string>{"HTTPServer", " i", "Phone's", " DON'T", " 日本", "GO", " ",
                                      "123", "45"}));
}

TEST(DeepseekWordSplitterTest, LeavesNumbersAndControlsAlone) {
  EXPECT_EQ(split(DeepseekWordSplitter(), "a 12\x01 .net!!\n"),
            (std::vector<std::string>{"a", " ", " .", "net", "!!\n"}));
}

}  // namespace
}  // namespace temper::text
