#include "trainer/comm/watched_group.h"

#include <gtest/gtest.h>

#include <future>

namespace temper::comm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Notes what it was given up for, once it may.
class GivenUp final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::string name() const override { return "given up"; }
  void barrier() override {}
  void broadcast(std::span<std::byte>, int) override {}
  std::vector<std::vector<std::byte>> all_gather(std::span<const std::byte>) override { return {}; }
  std::vector<std::vector<std::byte>> all_to_all(
      const std::vector<std::span<const std::byte>>&) override {
    return {};
  }
  void all_to_all_into(const std::vector<std::span<const std::byte>>&,
                       const std::vector<std::span<std::byte>>&) override {}
  void all_gather_into(std::span<std::byte>, std::span<const std::size_t>) override {}

  void give_up(const std::string& reason) override {
    may_.get_future().wait();
    reason_ = reason;
  }

  std::promise<void> may_;
  std::string reason_;
};

TEST(WatchedGroupTest, GivesUpTheCommunicatorThatIsThere) {
  WatchedGroup group;
  EXPECT_TRUE(group.give_up("nothing is there yet", seconds(10)));
  GivenUp communicator;
  communicator.may_.set_value();
  group.watch(communicator);
  EXPECT_TRUE(group.give_up("rank 2 died", seconds(10)));
  EXPECT_EQ(communicator.reason_, "rank 2 died");
  communicator.reason_.clear();
  group.forget();
  EXPECT_TRUE(group.give_up("too late", seconds(10)));
  EXPECT_EQ(communicator.reason_, "");
}

TEST(WatchedGroupTest, AnAbortThatHangsIsLeftBehind) {
  WatchedGroup group;
  GivenUp communicator;
  group.watch(communicator);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(group.give_up("rank 2 died", milliseconds(50)));
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(5));
  communicator.may_.set_value();
  group.forget();  // waits for it
  EXPECT_EQ(communicator.reason_, "rank 2 died");
}

}  // namespace
}  // namespace temper::comm
