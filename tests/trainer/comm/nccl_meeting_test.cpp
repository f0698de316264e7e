#include "trainer/comm/nccl_meeting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/base/error.h"
#include "tests/support/fake_clock.h"

namespace temper::comm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using testing::FakeClock;
using ::testing::HasSubstr;

/// Words in memory; waiting moves the fake clock.
class MemoryMeetingPlace final : public MeetingPlace {
 public:
  explicit MemoryMeetingPlace(FakeClock& clock) : clock_(clock) {}
  void leave(const std::string& key, const std::string& word) override { words_[key] = word; }
  std::optional<std::string> find(const std::string& key, milliseconds timeout) override {
    const auto found = words_.find(key);
    if (found != words_.end()) {
      return found->second;
    }
    clock_.advance(timeout);
    return std::nullopt;
  }

 private:
  FakeClock& clock_;
  std::map<std::string, std::string> words_;
};

MeetingRank rank_of(int rank, int size) {
  return {rank, size, "node-" + std::to_string(rank), "NVIDIA L4 (8.9)", "CUDA 13.0"};
}

template <class Failure, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Failure& error) {
    return error.what();
  }
  return "no error";
}

/// Lets the others of a group say who they are: they wait for nobody.
void arrive(MeetingPlace& place, const MeetingRank& rank) {
  FakeClock clock;
  message_of<Error>([&] { meet(place, rank, milliseconds(0), clock); });
}

TEST(NcclMeetingTest, AllRanksMeet) {
  FakeClock clock;
  MemoryMeetingPlace place(clock);
  arrive(place, rank_of(1, 3));
  arrive(place, rank_of(2, 3));
  meet(place, rank_of(0, 3), seconds(10), clock);
  EXPECT_EQ(clock.steady_now(), FakeClock().steady_now()) << "nobody was waited for";
}

TEST(NcclMeetingTest, MissingRanksAreNamedWithinTheTimeout) {
  FakeClock clock;
  MemoryMeetingPlace place(clock);
  arrive(place, rank_of(2, 5));
  EXPECT_EQ(message_of<RetryableError>([&] { meet(place, rank_of(0, 5), seconds(300), clock); }),
            "rank 0 of 5: ranks 1, 3, 4 did not come within 300 s; look into their logs");
  EXPECT_EQ(clock.steady_now() - FakeClock().steady_now(), seconds(300)) << "not 300 s a rank";
}

TEST(NcclMeetingTest, MixedGpusAreRefusedOnEveryRank) {
  FakeClock clock;
  MemoryMeetingPlace place(clock);
  MeetingRank other = rank_of(1, 2);
  other.gpu_kind = "NVIDIA H100 80GB HBM3 (9.0)";
  arrive(place, rank_of(0, 2));
  const std::string message =
      message_of<UserError>([&] { meet(place, other, seconds(10), clock); });
  EXPECT_THAT(message, AllOf(HasSubstr("rank 0 on node-0 has a GPU of kind NVIDIA L4 (8.9)"),
                             HasSubstr("rank 1 on node-1 has NVIDIA H100")));
  EXPECT_EQ(message_of<UserError>([&] { meet(place, rank_of(0, 2), seconds(10), clock); }),
            message);
}

TEST(NcclMeetingTest, MixedBuildsAreRefused) {
  FakeClock clock;
  MemoryMeetingPlace place(clock);
  MeetingRank other = rank_of(1, 2);
  other.libraries = "CUDA 12.8";
  arrive(place, other);
  EXPECT_THAT(message_of<UserError>([&] { meet(place, rank_of(0, 2), seconds(10), clock); }),
              AllOf(HasSubstr("a trainer built with CUDA 13.0"), HasSubstr("has CUDA 12.8")));
}

TEST(NcclMeetingTest, AHangingConnectionNamesTheRankThatIsNotThere) {
  FakeClock clock;
  MemoryMeetingPlace place(clock);
  const auto late = [&]() -> std::unique_ptr<NcclGroup> {
    throw NcclFailure(NcclFailure::Kind::kTimedOut, "ncclCommInitRankConfig timed out");
  };
  EXPECT_THAT(message_of<RetryableError>([&] { connect_together(place, rank_of(0, 2), late); }),
              AllOf(HasSubstr("waited in vain for rank 1,"), HasSubstr("timed out")));
  place.leave("temper/connecting/1", "node-1");
  EXPECT_THAT(message_of<RetryableError>([&] { connect_together(place, rank_of(0, 2), late); }),
              AllOf(HasSubstr("all ranks are there"), HasSubstr("NCCL_SOCKET_IFNAME")));
}

}  // namespace
}  // namespace temper::comm
