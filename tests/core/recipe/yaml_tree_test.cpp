#include "core/recipe/yaml_tree.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace temper::recipe {
namespace {

using ::testing::HasSubstr;

std::string first_problem(std::string_view text) {
  const YamlDocument document = parse_yaml(text);
  return document.problems.empty() ? "none" : document.problems.front().message;
}

TEST(YamlTreeTest, KeepsPlacesOfKeysAndValues) {
  const YamlDocument document = parse_yaml("a: 1\nb:\n  - x\n  - {c: 'y'}\n");
  ASSERT_TRUE(document.complete);
  const YamlNode* list = document.root.find("b");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(document.root.entries[1].key_place.line, 2);
  EXPECT_EQ(list->items[0].place.line, 3);
  EXPECT_EQ(list->items[0].place.column, 5);
  const YamlNode* value = list->items[1].find("c");
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->place.column, 9);
  EXPECT_TRUE(value->quoted);
  EXPECT_FALSE(list->items[0].quoted);
  EXPECT_EQ(document.root.find("none"), nullptr);
}

TEST(YamlTreeTest, TellsNullFromText) {
  const YamlDocument document = parse_yaml("a:\nb: ~\nc: null\nd: 'null'\ne: ''\n");
  for (const char* key : {"a", "b", "c"}) {
    EXPECT_TRUE(document.root.find(key)->is_null()) << key;
  }
  for (const char* key : {"d", "e"}) {
    EXPECT_TRUE(document.root.find(key)->is_scalar()) << key;
  }
}

TEST(YamlTreeTest, CopiesAliases) {
  const YamlDocument document = parse_yaml("a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]\n");
  ASSERT_TRUE(document.complete);
  EXPECT_EQ(document.root.find("d")->items[1].find("b")->items[1].text, "2");
}

TEST(YamlTreeTest, EveryUnclosedQuoteIsFound) {
  for (const char* text : {"a: \"x", "a: 'x", "a: 'it''s", "a: \"x\\\"", "\"a", "[\"a", "{a: 'b"}) {
    EXPECT_NE(first_problem(text), "none") << text;
  }
  for (const char* text :
       {"a: \"x\\\\\"", "a: 'it''s'", "a: ''", "a: it's", "a: 5\"", "é: \"ü\""}) {
    EXPECT_EQ(first_problem(text), "none") << text;
  }
}

TEST(YamlTreeTest, BoundsTheSize) {
  EXPECT_EQ(first_problem("a: " + std::string(kMaxYamlBytes - 3, 'x')), "none");
  EXPECT_THAT(first_problem("a: " + std::string(kMaxYamlBytes - 2, 'x')),
              HasSubstr("1048577 bytes"));
}

TEST(YamlTreeTest, BoundsTheDepth) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_EQ(first_problem(nested(kMaxYamlDepth - 1)), "none");
  EXPECT_THAT(first_problem(nested(kMaxYamlDepth)), HasSubstr("levels deep"));
  EXPECT_NE(first_problem(nested(400000)), "none");
  EXPECT_NE(first_problem(std::string(500000, '[')), "none");
  EXPECT_NE(first_problem(std::string(500000, '{')), "none");
}

TEST(YamlTreeTest, BoundsTheDepthThroughAliases) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < kMaxYamlDepth; ++i) {
    text += fmt::format("a{}: &a{} [*a{}]\n", i, i, i - 1);
  }
  EXPECT_THAT(first_problem(text), HasSubstr("levels deep"));
}

TEST(YamlTreeTest, BoundsWhatAliasesMultiply) {
  std::string text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'z'; ++c) {
    text += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) {
      text += std::string(i == 0 ? "*" : ", *") + static_cast<char>(c - 1);
    }
    text += "]\n";
  }
  EXPECT_THAT(first_problem(text), HasSubstr("more than 20000 values"));
}

TEST(YamlTreeTest, RefusesWhatIsNotText) {
  EXPECT_THAT(first_problem("a: \xff"), HasSubstr("0xff is not UTF-8"));
  EXPECT_THAT(first_problem("a: \xed\xa0\x80"), HasSubstr("0xed is not UTF-8")) << "surrogate";
  EXPECT_THAT(first_problem("a: \xc0\x80"), HasSubstr("0xc0 is not UTF-8")) << "overlong";
  EXPECT_THAT(first_problem("a: \xf4\x90\x80\x80"), HasSubstr("0xf4")) << "over U+10FFFF";
  EXPECT_THAT(first_problem("a: \xe2\x82"), HasSubstr("0xe2")) << "cut";
  EXPECT_THAT(first_problem(std::string_view("a: b\0c", 6)), HasSubstr("control character 0x00"));
  EXPECT_THAT(first_problem("a: b\x04\nc: d"), HasSubstr("control character 0x04"));
  EXPECT_EQ(first_problem("a: \xf4\x8f\xbf\xbf\u00e9\xed\x9f\xbf"), "none");
}

TEST(YamlTreeTest, DuplicateKeysKeepTheFirst) {
  const YamlDocument document = parse_yaml("a: 1\na: {b: 2}\nc: 3\n");
  EXPECT_TRUE(document.complete);
  ASSERT_EQ(document.problems.size(), 1U);
  EXPECT_EQ(document.root.find("a")->text, "1");
  EXPECT_EQ(document.root.find("c")->text, "3");
}

}  // namespace
}  // namespace temper::recipe
