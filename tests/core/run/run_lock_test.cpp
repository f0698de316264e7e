#include "core/run/run_lock.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>

#include "core/base/error.h"
#include "core/base/file_error.h"
#include "core/base/process_runner.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace temper::run {
namespace {

class RunLockTest : public ::testing::Test {
 protected:
  /// In another process: "" if it gets the lock, else the refusal.
  static std::string try_lock(const RunLayout& layout) {
    try {
      const RunLock lock(layout);
      return "";
    } catch (const UserError& error) {
      return error.what();
    }
  }

  testing::TemporaryDirectory folder_;
  const RunLayout layout_{folder_.path()};
};

TEST_F(RunLockTest, SecondProcessIsToldWhoHoldsIt) {
  const RunLock lock(layout_);
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const std::string holder = fmt::format("process {} on {}", ::getpid(), host.data());
  EXPECT_EQ(testing::run_in_child([&]() -> std::string {
              const std::string refusal = try_lock(layout_);
              const bool names_all = refusal.find(holder) != std::string::npos &&
                                     refusal.find(layout_.root.string()) != std::string::npos;
              return names_all ? "" : "refusal: " + refusal;
            }),
            0);
}

TEST_F(RunLockTest, IsFreeAfterItsOwner) {
  { const RunLock lock(layout_); }
  EXPECT_EQ(testing::run_in_child([&] { return try_lock(layout_); }), 0);
}

TEST_F(RunLockTest, IsFreeAfterItsOwnerWasKilled) {
  EXPECT_EQ(testing::run_in_child([&]() -> std::string {
              const RunLock lock(layout_);
              ::raise(SIGKILL);
              return "alive";
            }),
            128 + SIGKILL);
  EXPECT_EQ(try_lock(layout_), "");
}

TEST_F(RunLockTest, ExactlyOneOfManyGetsIt) {
  ::testing::internal::CaptureStderr();
  const int num_holders = testing::run_in_children(6, [&](int) -> std::string {
    try {
      const RunLock lock(layout_);
      ::usleep(300'000);  // longer than the others need to start
      return "";
    } catch (const UserError&) {
      return "refused";
    }
  });
  ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(num_holders, 1);
}

TEST_F(RunLockTest, StartedProgramsDoNotHoldIt) {
  std::unique_ptr<Process> process;
  {
    const RunLock lock(layout_);
    process =
        SystemProcessRunner().start({.argv = {"sleep", "1000"}, .environment = {}, .output = {}});
  }
  EXPECT_EQ(try_lock(layout_), "");
}

TEST_F(RunLockTest, HolderOfAnEarlierLockIsForgotten) {
  testing::write_file(layout_.lock(), std::string(400, 'x') + "\n");
  const RunLock lock(layout_);
  EXPECT_THAT(testing::read_file(layout_.lock()),
              ::testing::MatchesRegex("process [0-9]+ on .+\n"));
}

TEST_F(RunLockTest, RunDirectoryMustExist) {
  EXPECT_THROW(RunLock({folder_ / "absent"}), FileError);
}

}  // namespace
}  // namespace temper::run
