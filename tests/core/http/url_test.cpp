#include "core/http/url.h"

#include <gtest/gtest.h>

namespace temper::http {
namespace {

TEST(WithoutLastSlashesTest, TakesThemAndNothingElse) {
  EXPECT_EQ(without_last_slashes("gs://bucket/runs//"), "gs://bucket/runs");
  EXPECT_EQ(without_last_slashes("a/b"), "a/b");
  EXPECT_EQ(without_last_slashes("/"), "");
  EXPECT_EQ(without_last_slashes(""), "");
}

TEST(PercentEncodeTest, KeepsUnreservedOnly) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b/c+%\n\xC3\xBC"), "a%20b%2Fc%2B%25%0A%C3%BC");
  EXPECT_EQ(percent_encode("a/b c", true), "a/b%20c");
}

TEST(QueryStringTest, JoinsEncodedPairs) {
  EXPECT_EQ(query_string({}), "");
  EXPECT_EQ(query_string({{"name", "a&b"}, {"uploads", ""}}), "?name=a%26b&uploads=");
  EXPECT_EQ(form_body({{"a", "1"}}), "a=1");
}

TEST(HostOfTest, LeavesSecretsOut) {
  EXPECT_EQ(host_of("https://user:secret@host.example:8443/path?token=secret"),
            "host.example:8443");
  EXPECT_EQ(host_of("http://host"), "host");
  EXPECT_EQ(host_of("http://host?x=secret"), "host");
}

// RFC 4648, section 10.
TEST(Base64Test, EncodesTheVectorsOfTheStandard) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_url("\xFB\xFF"), "-_8");
}

TEST(Base64Test, DecodesWhatItEncodes) {
  std::string text;
  for (int length = 0; length < 40; ++length) {
    std::string decoded;
    ASSERT_TRUE(decode_base64(base64(text), decoded));
    EXPECT_EQ(decoded, text);
    text += static_cast<char>(length * 37);
  }
}

TEST(Base64Test, RefusesWhatItIsNot) {
  std::string decoded;
  for (const char* text : {"a", "ab", "abc", "ab=c", "a===", "ab*=", "====", "Zm9v\n"}) {
    EXPECT_FALSE(decode_base64(text, decoded)) << text;
  }
}

}  // namespace
}  // namespace temper::http
