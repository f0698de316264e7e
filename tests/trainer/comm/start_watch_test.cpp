#include "trainer/comm/start_watch.h"

#include <gtest/gtest.h>

#include <future>

namespace temper::comm {
namespace {

TEST(StartWatchTest, CallsOnceTheTimeIsOver) {
  std::promise<void> called;
  const StartWatch watch(std::chrono::milliseconds(10), [&] { called.set_value(); });
  EXPECT_EQ(called.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST(StartWatchTest, IsSilentWhenTheStartIsOverBefore) {
  bool was_called = false;
  {
    const StartWatch watch(std::chrono::hours(1), [&] { was_called = true; });
  }
  EXPECT_FALSE(was_called);
}

}  // namespace
}  // namespace temper::comm
