#include "trainer/train/slot_workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

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

TEST(SlotWorkersTest, IdleWorkersHelpWithThePartsOfAnItem) {
  SlotWorkers workers(3);
  for (int round = 0; round < 20; ++round) {
    std::latch together(3);  // one thread alone would wait for ever
    std::vector<std::atomic<int>> seen(9);
    workers.run(1, [&](int, std::int64_t) {
      while (workers.num_idle() < 2) {
        std::this_thread::yield();
      }
      workers.run_parts(9, [&](std::int64_t part) {
        if (++seen[static_cast<std::size_t>(part)] == 1 && part < 3) {
          together.arrive_and_wait();
        }
      });
      for (const auto& count : seen) {
        EXPECT_EQ(count, 1) << "all parts are over when run_parts() returns";
      }
    });
  }
}

TEST(SlotWorkersTest, EveryItemHasItsOwnParts) {
  SlotWorkers workers(4);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::atomic<std::int64_t>> sums(6);
    workers.run(6, [&](int, std::int64_t item) {
      workers.run_parts(25,
                        [&](std::int64_t part) { sums[static_cast<std::size_t>(item)] += part; });
    });
    for (const auto& sum : sums) {
      EXPECT_EQ(sum, 300);
    }
  }
}

TEST(SlotWorkersTest, APartsFailureIsItsItems) {
  SlotWorkers workers(3);
  for (int round = 0; round < 50; ++round) {
    EXPECT_THROW(workers.run(2,
                             [&](int, std::int64_t item) {
                               workers.run_parts(20, [&](std::int64_t part) {
                                 if (item == 1 && part == 7) {
                                   throw std::runtime_error("part 7");
                                 }
                               });
                             }),
                 std::runtime_error);
  }
}

}  // namespace
}  // namespace temper::train
