#include "trainer/train/slot_workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace temper::train {
namespace {

TEST(SlotWorkersTest, RunsEachItemOnceOnAWorker) {
  SlotWorkers workers(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::atomic<int>> seen(17);
    workers.run(17, [&](int worker, std::int64_t item) {
      EXPECT_TRUE(0 <= worker && worker < 3);
      ++seen[static_cast<std::size_t>(item)];
    });
    for (const auto& count : seen) {
      EXPECT_EQ(count, 1);
    }
  }
}

TEST(SlotWorkersTest, ZeroItemsReturnAtOnce) {
  SlotWorkers workers(2);
  workers.run(0, [](int, std::int64_t) { FAIL(); });
}

TEST(SlotWorkersTest, ThrowsTheFirstExceptionAndStaysUsable) {
  SlotWorkers workers(2);
  EXPECT_THROW(workers.run(8,
                           [](int, std::int64_t item) {
                             if (item == 3) {
                               throw std::runtime_error("slot 3");
                             }
                           }),
               std::runtime_error);
  std::atomic<int> count = 0;
  workers.run(4, [&](int, std::int64_t) { ++count; });
  EXPECT_EQ(count, 4);
}

}  // namespace
}  // namespace temper::train
