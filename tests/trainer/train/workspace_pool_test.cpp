#include "trainer/train/workspace_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace temper::train {
namespace {

// One that is taken at a time is always the same: the others stay empty.
TEST(WorkspacePoolTest, TheOneGivenBackLastIsTakenFirst) {
  WorkspacePool pool(3, {});
  const model::SlotWorkspace* const alone = &pool.take().workspace();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(&pool.take().workspace(), alone);
  }
  {
    const WorkspacePool::Turn first = pool.take();
    const WorkspacePool::Turn second = pool.take();
    EXPECT_EQ(&first.workspace(), alone);
    EXPECT_NE(&second.workspace(), alone);
  }  // the first goes back last
  EXPECT_EQ(&pool.take().workspace(), alone);
}

TEST(WorkspacePoolTest, WaitsForAFreeOne) {
  WorkspacePool pool(1, {});
  std::atomic<bool> given_back = false;
  std::thread waiting;
  {
    const WorkspacePool::Turn turn = pool.take();
    waiting = std::thread([&] {
      const WorkspacePool::Turn next = pool.take();
      EXPECT_TRUE(given_back);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    given_back = true;
  }
  waiting.join();
}

TEST(WorkspacePoolTest, EachHasTheSettings) {
  model::SlotSettings settings;
  settings.memory = recipe::Memory::kLow;
  WorkspacePool pool(2, settings);
  const WorkspacePool::Turn one = pool.take();
  const WorkspacePool::Turn two = pool.take();
  EXPECT_EQ(one.workspace().settings.memory, recipe::Memory::kLow);
  EXPECT_EQ(two.workspace().settings.memory, recipe::Memory::kLow);
}

}  // namespace
}  // namespace temper::train
