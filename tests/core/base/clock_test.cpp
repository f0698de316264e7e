#include "core/base/clock.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace temper {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SystemClockTest, SleepTakesAtLeastItsTime) {
  SystemClock clock;
  const auto begin = clock.steady_now();
  clock.sleep_for(milliseconds(2));
  EXPECT_GE(clock.steady_now() - begin, milliseconds(2));
}

TEST(SystemClockTest, WallClockIsThatOfTheSystem) {
  const auto before = std::chrono::system_clock::now();
  const auto now = SystemClock().now();
  EXPECT_GE(now, before);
  EXPECT_LE(now, std::chrono::system_clock::now());
}

TEST(FakeClockTest, MovesBySleepingOnly) {
  testing::FakeClock clock;
  const auto wall = clock.now();
  const auto steady = clock.steady_now();
  clock.sleep_for(seconds(5));
  clock.advance(seconds(2));
  EXPECT_EQ(clock.now() - wall, seconds(7));
  EXPECT_EQ(clock.steady_now() - steady, seconds(7));
  EXPECT_EQ(clock.sleeps(), std::vector<std::chrono::nanoseconds>{seconds(5)});
}

}  // namespace
}  // namespace temper
