#include "launcher/cli/background_push.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

#include "tests/support/fake_clock.h"

namespace temper::launch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class BackgroundPushTest : public ::testing::Test {
 protected:
  /// Waits for the thread without reading a clock.
  void wait_for(int pushes) {
    while (pushes_ < pushes) {
      std::this_thread::yield();
    }
  }

  testing::FakeClock clock_;
  std::atomic<int> pushes_ = 0;
};

TEST_F(BackgroundPushTest, PushesAtEveryIntervalThatGoesBy) {
  BackgroundPush push([this] { ++pushes_; }, clock_);
  for (int interval = 1; interval <= 3; ++interval) {
    clock_.advance(BackgroundPush::kInterval - milliseconds(1));
    push.tick();
    EXPECT_LT(pushes_, interval);
    clock_.advance(milliseconds(1));
    push.tick();
    wait_for(interval);
  }
}

TEST_F(BackgroundPushTest, RestsLongerAfterASlowPush) {
  BackgroundPush push(
      [this] {
        clock_.advance(seconds(20));
        ++pushes_;
      },
      clock_);
  push.request();
  wait_for(1);
  // The thread writes down how long to rest before it looks for more to do.
  push.request();
  wait_for(2);
  push.request();
  wait_for(3);
  clock_.advance(seconds(20 * BackgroundPush::kRest - 21));
  push.tick();
  EXPECT_EQ(pushes_, 3);
  clock_.advance(seconds(2));
  push.tick();
  wait_for(4);
}

TEST_F(BackgroundPushTest, TellsAProblemOnceAndGoesOn) {
  BackgroundPush push(
      [this] {
        if (++pushes_ == 1) {
          throw std::runtime_error("down");
        }
      },
      clock_);
  EXPECT_EQ(push.take_problem(), "");
  push.request();
  std::string problem;
  while (problem.empty()) {
    problem = push.take_problem();
  }
  EXPECT_EQ(problem, "down");
  EXPECT_EQ(push.take_problem(), "");
  push.request();
  wait_for(2);
}

TEST_F(BackgroundPushTest, FinishPushesWhatIsLeftAndThrows) {
  BackgroundPush push([this] { ++pushes_; }, clock_);
  push.finish();
  EXPECT_EQ(pushes_, 1);
  BackgroundPush failing([] { throw std::runtime_error("down"); }, clock_);
  EXPECT_THROW(failing.finish(), std::runtime_error);
}

TEST_F(BackgroundPushTest, ASlowStoreKeepsNobodyWaiting) {
  std::promise<void> store;
  BackgroundPush push(
      [this, opened = store.get_future().share()] {
        opened.wait();
        ++pushes_;
      },
      clock_);
  push.request();
  clock_.advance(BackgroundPush::kInterval);
  push.tick();
  EXPECT_EQ(pushes_, 0);
  store.set_value();
  wait_for(1);
}

}  // namespace
}  // namespace temper::launch
