#include "core/http/http_message.h"

#include <gtest/gtest.h>

#include "core/base/time_format.h"

namespace temper::http {
namespace {

using std::chrono::seconds;

TEST(HeadersTest, NamesCompareWithoutCase) {
  Headers headers = {{"Content-Type", "a"}};
  headers.set("content-type", "b");
  EXPECT_EQ(headers.get("CONTENT-TYPE"), "b");
  EXPECT_EQ(headers.fields().size(), 1U);
  EXPECT_EQ(headers.get("Content"), std::nullopt);
}

TEST(HeadersTest, RepeatedFieldsAreJoined) {
  Headers headers;
  headers.add("x-goog-hash", "crc32c=a");
  headers.add("X-Goog-Hash", "md5=b");
  EXPECT_EQ(headers.joined("x-goog-hash"), "crc32c=a,md5=b");
}

TEST(RetryAfterTest, ReadsSecondsOnly) {
  const auto of = [](std::string value) {
    return retry_after({.status = 503, .headers = {{"Retry-After", std::move(value)}}});
  };
  EXPECT_EQ(of("7"), seconds(7));
  EXPECT_EQ(of("Wed, 21 Oct 2026 07:28:00 GMT"), std::nullopt);
  EXPECT_EQ(of(""), std::nullopt);
  EXPECT_EQ(of("-3"), std::nullopt);
  EXPECT_EQ(of("99999999999999"), std::nullopt);
  EXPECT_EQ(retry_after({}), std::nullopt);
}

TEST(DateOfTest, ReadsTheServicesClock) {
  const Response response{.status = 403, .headers = {{"Date", "Tue, 24 Nov 2026 06:30:01 GMT"}}};
  EXPECT_EQ(date_of(response), parse_rfc3339("2026-11-24T06:30:01Z"));
  EXPECT_EQ(date_of({}), std::nullopt);
  EXPECT_EQ(date_of({.headers = {{"Date", "yesterday"}}}), std::nullopt);
}

}  // namespace
}  // namespace temper::http
