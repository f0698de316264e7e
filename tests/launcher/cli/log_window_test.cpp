#include "launcher/cli/log_window.h"

#include <gmock/gmock.h>

#include <fstream>

#include "core/base/error.h"
#include "core/base/time_format.h"
#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::chrono::system_clock::time_point at(const char* time) {
  return *parse_rfc3339(time);
}

TEST(LogWindowTest, SinceIsATimeOrSoLongAgo) {
  const auto now = at("2026-11-24T06:30:00Z");
  EXPECT_EQ(parse_since("2026-11-24T05:00:00Z", now), at("2026-11-24T05:00:00Z"));
  EXPECT_EQ(parse_since("90s", now), at("2026-11-24T06:28:30Z"));
  EXPECT_EQ(parse_since("10m", now), at("2026-11-24T06:20:00Z"));
  EXPECT_EQ(parse_since("2h", now), at("2026-11-24T04:30:00Z"));
  EXPECT_EQ(parse_since("1d", now), at("2026-11-23T06:30:00Z"));
  for (const char* text :
       {"", "10", "m", "-1m", "10w", "10mm", "99999999999999999999s", "2000001s"}) {
    EXPECT_THROW(parse_since(text, now), UserError) << text;
  }
}

TEST(LogWindowTest, PrintsFromTheFirstLineAtThatTime) {
  const testing::TemporaryDirectory folder;
  const auto file = folder / "log";
  std::ofstream(file) << "without a time\n2026-11-24T06:00:00.000Z info one\n"
                         "2026-11-24T06:10:00.000Z error two\nits second line\n"
                         "2026-11-24T06:20:00.000Z info three\n";
  EXPECT_THAT(lines_since(file, at("2026-11-24T06:05:00Z")),
              ElementsAre("2026-11-24T06:10:00.000Z error two", "its second line",
                          "2026-11-24T06:20:00.000Z info three"));
  EXPECT_THAT(lines_since(file, at("2026-11-24T07:00:00Z")), IsEmpty());
  EXPECT_THAT(lines_since(folder / "absent", at("2026-11-24T06:00:00Z")), IsEmpty());
}

}  // namespace
}  // namespace temper::launch
