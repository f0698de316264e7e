#include "core/text/utf8.h"

#include <gtest/gtest.h>

namespace temper::text {
namespace {

TEST(Utf8Test, FindsTheFirstInvalidByte) {
  EXPECT_EQ(find_invalid_utf8("aé日😀"), std::nullopt);
  EXPECT_EQ(find_invalid_utf8("ab\x80"), 2U);
  EXPECT_EQ(find_invalid_utf8("é\xC3"), 2U);
  EXPECT_EQ(find_invalid_utf8("\xED\xA0\x80"), 0U);      // a surrogate
  EXPECT_EQ(find_invalid_utf8("a\xC0\xAF"), 1U);         // overlong
  EXPECT_EQ(find_invalid_utf8("\xF4\x90\x80\x80"), 0U);  // beyond U+10FFFF
}

TEST(Utf8Test, ReplacesEachMaximalIllFormedSubpart) {
  EXPECT_EQ(replace_invalid_utf8("a\xE6\x97z"), "a\uFFFDz");
  EXPECT_EQ(replace_invalid_utf8("\xF0\x9F\x98"), "\uFFFD");
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(replace_invalid_utf8("\xC0\xAFq"), "\uFFFD\uFFFDq");
}

TEST(Utf8Test, WritesWhatItReads) {
  for (const char32_t code : {0x0U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xFFFDU, 0x10000U, 0x10FFFFU}) {
    std::string text;
    append_utf8(code, &text);
    EXPECT_EQ(character_at(text, 0).code, code);
    EXPECT_EQ(character_at(text, 0).length_bytes, text.size());
    EXPECT_EQ(character_before("ab" + text, text.size() + 2).code, code);
    EXPECT_EQ(find_invalid_utf8(text), std::nullopt);
  }
}

}  // namespace
}  // namespace temper::text
