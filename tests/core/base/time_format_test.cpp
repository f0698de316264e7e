#include "core/base/time_format.h"

#include <gtest/gtest.h>

namespace temper {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

system_clock::time_point at(std::int64_t unix_milliseconds) {
  return system_clock::time_point(milliseconds(unix_milliseconds));
}

TEST(FormatRfc3339Test, HasMillisecondsInUtc) {
  EXPECT_EQ(format_rfc3339(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(at(1'795'502'123'004)), "2026-11-24T06:35:23.004Z");
  EXPECT_EQ(format_rfc3339(at(951'782'400'000)), "2000-02-29T00:00:00.000Z");
}

TEST(FormatRfc3339Test, RoundsDownAlsoBefore1970) {
  EXPECT_EQ(format_rfc3339(at(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(at(0) + nanoseconds(999'999)), "1970-01-01T00:00:00.000Z");
}

TEST(ParseRfc3339Test, ReadsWhatFormatWrites) {
  for (const std::int64_t moment : {0LL, -1LL, 1'795'502'123'004LL, 951'782'400'000LL}) {
    EXPECT_EQ(parse_rfc3339(format_rfc3339(at(moment))), at(moment));
  }
}

TEST(ParseRfc3339Test, ReadsTheExamplesOfTheRfc) {  // section 5.8
  EXPECT_EQ(parse_rfc3339("1985-04-12T23:20:50.52Z"), at(482'196'050'520));
  EXPECT_EQ(parse_rfc3339("1996-12-19T16:39:57-08:00"), at(851'042'397'000));
  EXPECT_EQ(parse_rfc3339("1990-12-31T23:59:60Z"), at(662'688'000'000));
  EXPECT_EQ(parse_rfc3339("1937-01-01T12:00:27.87+00:20"), at(-1'041'337'172'130));
}

TEST(ParseRfc3339Test, IgnoresDigitsPastNanoseconds) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.1234567899999Z"), at(0) + nanoseconds(123'456'789));
}

TEST(ParseRfc3339Test, RefusesEveryTruncation) {
  const std::string whole = "2026-11-24T06:30:00.123+01:00";
  ASSERT_TRUE(parse_rfc3339(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(parse_rfc3339(whole.substr(0, length)), std::nullopt) << length;
  }
}

TEST(ParseRfc3339Test, RefusesWhatDoesNotExist) {
  for (const char* text :
       {"2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00Zx", "26-01-01T00:00:00Z",
        "2026-01-01T00:00:00+24:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace temper
