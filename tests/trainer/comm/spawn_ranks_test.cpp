#include "tests/support/spawn_ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "core/base/error.h"

namespace temper::testing {
namespace {

TEST(SpawnRanksTest, ALostRankFailsTheOthersAndItsErrorIsThrown) {
  std::atomic<int> told = 0;
  try {
    spawn_ranks(3, [&](comm::Communicator& communicator) {
      if (communicator.rank() == 1) {
        throw FatalError("rank 1 gave up");
      }
      try {
        communicator.barrier();
      } catch (const RetryableError& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr("rank 1 is lost: rank 1 gave up"));
        ++told;
        throw;
      }
    });
    FAIL() << "no error";
  } catch (const FatalError& error) {
    EXPECT_STREQ(error.what(), "rank 1 gave up");
  }
  EXPECT_EQ(told, 2);
}

TEST(SpawnRanksTest, ARankThatNeverComesIsNoticed) {
  EXPECT_THROW(spawn_ranks(
                   2,
                   [](comm::Communicator& communicator) {
                     if (communicator.rank() == 0) {
                       communicator.barrier();
                     }
                   },
                   std::chrono::milliseconds(50)),
               RetryableError);
}

}  // namespace
}  // namespace temper::testing
