// A save is killed, or loses an answer, at each of its store operations in turn. Whatever happens,
// the next process finds the newest committed checkpoint whole.

#include <gtest/gtest.h>

#include <tuple>

#include "core/storage/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/trainer/checkpoint/training_state.h"

namespace temper::checkpoint {
namespace {

using temper::testing::FaultyStore;

class SaveCrashTest : public ::testing::TestWithParam<std::tuple<int, bool, bool>> {};

TEST_P(SaveCrashTest, NeverLosesTheLastCommittedCheckpoint) {
  const auto [num_ranks, takes_effect, stays_down] = GetParam();
  bool reached_the_end = false;
  for (int index = 0; !reached_the_end; ++index) {
    ASSERT_LT(index, 200) << "a save does not end";
    storage::MemoryStore memory;
    ASSERT_TRUE(save(memory, 2, 4, "aaaa", 2));
    ASSERT_TRUE(save(memory, num_ranks, 5, "aaaa", 2));

    FaultyStore store(memory);
    store.fail({.index = index, .takes_effect = takes_effect, .all_later_fail = stays_down});
    const bool committed = save(store, num_ranks, 6, "bbbb", 2);
    reached_the_end = !store.has_failed();
    if (reached_the_end) {
      EXPECT_TRUE(committed);
    }

    const std::int64_t step = restored_step(memory, 1);
    EXPECT_TRUE(step == 6 || (step == 5 && !committed)) << "operation " << index << ": " << step;
    // The next process saves on top of whatever was left.
    EXPECT_TRUE(save(memory, num_ranks, 7, "cccc", 2));
    EXPECT_EQ(restored_step(memory, 1), 7);
  }
}

INSTANTIATE_TEST_SUITE_P(RanksAndFaults, SaveCrashTest,
                         ::testing::Combine(::testing::Values(1, 2, 3), ::testing::Bool(),
                                            ::testing::Bool()));

}  // namespace
}  // namespace temper::checkpoint
