#include "core/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "core/base/check.h"
#include "core/base/file_error.h"

namespace temper {
namespace {

TEST(ErrorTest, EveryKindHasItsExitCode) {
  EXPECT_EQ(exit_code_of(UserError("x")), ExitCode::kUser);
  EXPECT_EQ(exit_code_of(RetryableError("x")), ExitCode::kRetryable);
  EXPECT_EQ(exit_code_of(FatalError("x")), ExitCode::kFatal);
  EXPECT_EQ(exit_code_of(StopRequested("x")), ExitCode::kCheckpointed);
  EXPECT_EQ(exit_code_of(std::runtime_error("x")), ExitCode::kInternal);
}

TEST(ErrorTest, ExitCodesAreThoseOfThePage) {
  EXPECT_EQ(static_cast<int>(ExitCode::kDone), 0);
  EXPECT_EQ(static_cast<int>(ExitCode::kInternal), 1);
  EXPECT_EQ(static_cast<int>(ExitCode::kUser), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::kRetryable), 75);
  EXPECT_EQ(static_cast<int>(ExitCode::kFatal), 78);
  EXPECT_EQ(static_cast<int>(ExitCode::kCheckpointed), 85);
}

TEST(FileErrorTest, FullDiskIsTheWorlds) {
  for (const int number : {ENOSPC, EDQUOT, EFBIG}) {
    const FileError error("write", "/runs/x", number);
    EXPECT_EQ(error.exit_code(), ExitCode::kRetryable);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("cannot write /runs/x: "));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("Free some space"));
  }
}

TEST(FileErrorTest, ForbiddenPlaceIsTheUsers) {
  for (const int number : {EACCES, EPERM, EROFS}) {
    const FileError error("write", "/runs/x", number);
    EXPECT_EQ(error.exit_code(), ExitCode::kUser);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("/runs/x"));
  }
}

TEST(CheckDeathTest, AbortsWithPlaceAndValues) {
  const int slots = 3;
  EXPECT_DEATH(CHECK(slots == 4, "slots {} of {}", slots, 4),
               "error_test.cpp:[0-9]+: check failed: slots == 4: slots 3 of 4");
}

TEST(CheckTest, LetsTheTruthPass) {
  CHECK(1 + 1 == 2);
}

}  // namespace
}  // namespace temper
