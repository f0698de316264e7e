#include "core/text/gpt2_splitter.h"

#include <gtest/gtest.h>

#include <random>

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

// The regex in a group, so that the hand-written splitter does not take over.
std::unique_ptr<Pattern> regex_engine() {
  return make_regex_pattern("(?:" + std::string(kGpt2Regex) + ")", "test");
}

TEST(Gpt2SplitterTest, CutsWordsContractionsAndSpaces) {
  EXPECT_EQ(split(Gpt2Splitter(), "I'll say  'so'\n\n x²1 "),
            (std::vector<std::string>{"I", "'ll", " say", " ", " '", "so", "'", "\n\n", " x", "²1",
                                      " "}));
}

TEST(Gpt2SplitterTest, ClassifiesEveryCodePointAsTheRegexEngine) {
  const Gpt2Splitter splitter;
  const auto engine = regex_engine();
  std::string text;
  for (char32_t code = 0; code < 0x110000; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    text += "a";
    append_utf8(code, &text);
    text += "1 ";
    append_utf8(code, &text);
    if (text.size() < 60'000 && code != 0x10FFFF) continue;
    ASSERT_EQ(split(splitter, text), split(*engine, text))
        << "up to " << static_cast<std::uint32_t>(code);
    text.clear();
  }
}

TEST(Gpt2SplitterTest, CutsRandomTextAsTheRegexEngine) {
  std::mt19937_64 random(testing::test_seed());
  const Gpt2Splitter splitter;
  const auto engine = regex_engine();
  const std::vector<std::string> parts = {" ",  "  ",  "\n", "\t",     "'",     "'s", "'ll",
                                          "'v", "'re", "a",  "Zz",     "é",     "1",  "½",
                                          "-",  "…",   "日", "\u3000", "\u0301"};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (std::size_t i = random() % 12; i > 0; --i) text += parts[random() % parts.size()];
    ASSERT_EQ(split(splitter, text), split(*engine, text)) << text;
  }
}

}  // namespace
}  // namespace temper::text
