#include "core/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "tests/support/temporary_directory.h"

namespace temper {
namespace {

constexpr const char* kTime = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z";

class LoggerTest : public ::testing::Test {
 protected:
  std::vector<std::string> lines() const {
    std::istringstream text(testing::read_file(path_));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) {
      lines.push_back(line);
    }
    return lines;
  }

  testing::TemporaryDirectory folder_;
  const std::filesystem::path path_ = folder_ / "log";
};

TEST_F(LoggerTest, LineHasTimeLevelAndPrefix) {
  ::testing::internal::CaptureStderr();
  Logger(LogLevel::kInfo, "rank 3", path_).info("step {} of {}", 1, 2);
  const std::string printed = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(printed,
              ::testing::MatchesRegex(std::string(kTime) + " info \\[rank 3\\] step 1 of 2\n"));
  EXPECT_EQ(testing::read_file(path_), printed);
}

TEST_F(LoggerTest, DropsLinesBelowItsLevel) {
  ::testing::internal::CaptureStderr();
  const Logger logger(LogLevel::kWarning, "", path_);
  logger.debug("a");
  logger.info("b");
  logger.warning("c");
  logger.error("d");
  ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(lines(), ::testing::ElementsAre(::testing::EndsWith("Z warning c"),
                                              ::testing::EndsWith("Z error d")));
}

TEST_F(LoggerTest, AppendsToAnOldFile) {
  testing::write_file(path_, "old\n");
  ::testing::internal::CaptureStderr();
  Logger(LogLevel::kInfo, "", path_).info("new");
  ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(lines(), ::testing::ElementsAre("old", ::testing::EndsWith("info new")));
}

TEST_F(LoggerTest, LinesOfThreadsAndCopiesDontMix) {
  ::testing::internal::CaptureStderr();
  const Logger logger(LogLevel::kInfo, "", path_);
  const std::string text(200, 'x');
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = logger, &text] {
      for (int line = 0; line < 100; ++line) {
        copy.info("{}", text);
      }
    });
  }
  std::ranges::for_each(threads, &std::thread::join);
  ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(lines(), ::testing::SizeIs(400));
  EXPECT_THAT(lines(), ::testing::Each(::testing::EndsWith("Z info " + text)));
}

TEST_F(LoggerTest, RefusesAFileThatCannotBeOpened) {
  EXPECT_THROW(Logger(LogLevel::kInfo, "", folder_ / "absent/log"), UserError);
}

}  // namespace
}  // namespace temper
