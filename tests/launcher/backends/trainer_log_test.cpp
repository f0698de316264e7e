#include "launcher/backends/trainer_log.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

using Lines = std::vector<std::string>;
using ::temper::testing::TemporaryDirectory;
using ::temper::testing::write_file;

TEST(TrainerLogTest, GivesTheLastLines) {
  const TemporaryDirectory folder;
  write_file(folder / "log", "one\ntwo\nthree\n");
  EXPECT_EQ(last_lines(folder / "log", 2), (Lines{"two", "three"}));
  EXPECT_EQ(last_lines(folder / "log", 9), (Lines{"one", "two", "three"}));
}

TEST(TrainerLogTest, CountsALastLineWithoutItsEnd) {
  const TemporaryDirectory folder;
  write_file(folder / "log", "one\ntorn");
  EXPECT_EQ(last_lines(folder / "log", 1), (Lines{"torn"}));
}

TEST(TrainerLogTest, GivesNothingForAnAbsentFile) {
  EXPECT_TRUE(last_lines("/nonexistent/log", 5).empty());
  EXPECT_EQ(last_error_line("/nonexistent/log"), "");
}

TEST(TrainerLogTest, ReadsBackAsFarAsNeededInALongLog) {
  const TemporaryDirectory folder;
  std::string log;
  for (int i = 0; i < 20000; ++i) {
    log += "line " + std::to_string(i) + "\n";
  }
  write_file(folder / "log", log);
  const Lines lines = last_lines(folder / "log", 15000);
  ASSERT_EQ(lines.size(), 15000U);
  EXPECT_EQ(lines.front(), "line 5000");
  EXPECT_EQ(lines.back(), "line 19999");
}

TEST(TrainerLogTest, PicksErrorsOutOfTheNoise) {
  const TemporaryDirectory folder;
  write_file(folder / "log",
             "2026-11-24T06:30:00.123Z info [rank 0] fine\n"
             "2026-11-24T06:30:01.123Z error [rank 0] loss is not finite\n"
             "mpirun noise error \n");
  EXPECT_EQ(last_error_lines(folder / "log", 5),
            (Lines{"2026-11-24T06:30:01.123Z error [rank 0] loss is not finite"}));
  EXPECT_EQ(last_error_line(folder / "log"), "[rank 0] loss is not finite");
}

TEST(TrainerLogTest, GivesTheLastLinesWhereThereIsNoErrorLine) {
  const TemporaryDirectory folder;
  write_file(folder / "log", "a\nb\nc\n");
  EXPECT_EQ(last_error_lines(folder / "log", 2), (Lines{"b", "c"}));
}

}  // namespace
}  // namespace temper::launch
