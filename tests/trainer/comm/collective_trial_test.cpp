#include "trainer/comm/collective_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "tests/support/spawn_ranks.h"

namespace temper::comm {
namespace {

using run::CollectiveTiming;
using ::testing::Each;
using ::testing::Field;
using ::testing::Gt;
using ::testing::SizeIs;

/// A network that changes one byte of what this rank gets, from its `from`-th operation on.
class LyingCommunicator final : public Communicator {
 public:
  LyingCommunicator(Communicator& ranks, std::string operation, int from)
      : ranks_(ranks), operation_(std::move(operation)), from_(from) {}
  int rank() const override { return ranks_.rank(); }
  int size() const override { return ranks_.size(); }
  std::string name() const override { return "lying"; }
  void barrier() override { ranks_.barrier(); }
  void broadcast(std::span<std::byte> bytes, int root) override {
    ranks_.broadcast(bytes, root);
    lie("broadcast", bytes);
  }
  std::vector<std::vector<std::byte>> all_gather(std::span<const std::byte> bytes) override {
    return ranks_.all_gather(bytes);
  }
  std::vector<std::vector<std::byte>> all_to_all(
      const std::vector<std::span<const std::byte>>& send) override {
    return ranks_.all_to_all(send);
  }
  void all_to_all_into(const std::vector<std::span<const std::byte>>& send,
                       const std::vector<std::span<std::byte>>& receive) override {
    ranks_.all_to_all_into(send, receive);
    lie("all_to_all", receive.front());
  }
  void all_gather_into(std::span<std::byte> all, std::span<const std::size_t> offsets) override {
    ranks_.all_gather_into(all, offsets);
    lie("all_gather", all);
  }

 private:
  void lie(const char* operation, std::span<std::byte> bytes) {
    if (operation == operation_ && rank() == 1 && ++calls_ > from_) {
      bytes.front() ^= std::byte{1};
    }
  }
  Communicator& ranks_;
  std::string operation_;
  int from_;
  int calls_ = 0;
};

TrialSettings quick() {
  TrialSettings settings;
  settings.largest = std::size_t{1} << 18;
  settings.time_of_a_size = std::chrono::milliseconds(2);
  return settings;
}

std::vector<CollectiveTiming> timings_of(int size, const std::string& lie_about = "",
                                         int honest_calls = 0) {
  std::vector<CollectiveTiming> timings;
  std::mutex mutex;
  testing::spawn_ranks(size, [&](Communicator& ranks) {
    SystemClock clock;
    Activity activity;
    LyingCommunicator communicator(ranks, lie_about, honest_calls);
    auto own = time_collectives(communicator, quick(), process_memory(), clock, activity);
    const std::lock_guard lock(mutex);
    if (timings.empty()) {
      timings = own;
    }
    EXPECT_EQ(own, timings) << "all ranks say the same";
  });
  return timings;
}

TEST(CollectiveTrialTest, TimesThreeOperationsInRisingSizes) {
  const auto timings = timings_of(3);
  ASSERT_THAT(timings, SizeIs(3 * 3));  // 1 KiB, 16 KiB, 256 KiB
  EXPECT_THAT(timings, Each(Field(&CollectiveTiming::wrong_bytes, 0)));
  EXPECT_THAT(timings, Each(Field(&CollectiveTiming::seconds, Gt(0))));
  EXPECT_EQ(timings[0].operation, "all_to_all");
  EXPECT_EQ(timings[0].bytes, 1023) << "a third of it to each rank";
  EXPECT_EQ(timings[3].operation, "all_gather");
  EXPECT_EQ(timings[8].operation, "broadcast");
  EXPECT_EQ(timings[8].bytes, (1 << 18) / 3 * 3);
}

TEST(CollectiveTrialTest, ASingleWrongByteIsCounted) {
  for (const std::string operation : {"all_to_all", "all_gather", "broadcast"}) {
    std::uint64_t wrong = 0;
    for (const CollectiveTiming& timing : timings_of(3, operation)) {
      if (timing.operation == operation) {
        EXPECT_EQ(timing.wrong_bytes, 2) << operation << ": of the first and the last call";
      } else {
        EXPECT_EQ(timing.wrong_bytes, 0) << timing.operation;
      }
      wrong += timing.wrong_bytes;
    }
    EXPECT_EQ(wrong, 6) << operation;
  }
}

TEST(CollectiveTrialTest, WhatGoesWrongLaterIsCountedToo) {
  const auto timings = timings_of(2, "all_gather", 1);
  EXPECT_EQ(timings[3].wrong_bytes, 1) << "the first call was right";
}

}  // namespace
}  // namespace temper::comm
