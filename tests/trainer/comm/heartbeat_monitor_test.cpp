#include "trainer/comm/heartbeat_monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"

namespace temper::comm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// Ranks 1 and 2, watched on a clock of the test's own: beats every second, 10 s timeout.
class HeartbeatMonitorTest : public ::testing::Test {
 protected:
  HeartbeatMonitor::Time now_{seconds(1000)};
  HeartbeatMonitor monitor_{
      {{1, "host-1"}, {2, "host-2"}}, {seconds(1), seconds(10), seconds(60)}, now_};
  std::uint64_t count_ = 0;

  /// A second passes, in which the ranks beat and are judged.
  std::optional<Loss> pass_second(std::initializer_list<int> beating, bool with_progress = true) {
    now_ += seconds(1);
    count_ += with_progress ? 1 : 0;
    for (const int rank : beating) {
      monitor_.heard(rank, {17, "reduce", count_}, now_);
    }
    return monitor_.judge(now_);
  }
};

TEST_F(HeartbeatMonitorTest, LosesNobodyWhileAllBeat) {
  for (int second = 0; second < 1000; ++second) {
    ASSERT_FALSE(pass_second({1, 2}));
    ASSERT_FALSE(monitor_.stall_report(now_));
  }
}

TEST_F(HeartbeatMonitorTest, ASilentRankIsLostAfterTheTimeoutAndNotBefore) {
  pass_second({1, 2});
  for (int second = 1; second <= 10; ++second) {
    ASSERT_FALSE(pass_second({1})) << second;
  }
  const auto loss = pass_second({1});
  ASSERT_TRUE(loss);
  EXPECT_EQ(loss->rank, 2);
  EXPECT_EQ(loss->exit_code, 75);
  EXPECT_THAT(describe(*loss), AllOf(HasSubstr("rank 2 (host-2) is lost"), HasSubstr("11 s"),
                                     HasSubstr("step 17, phase reduce")));
}

TEST_F(HeartbeatMonitorTest, ARankThatBeatsAgainInTimeIsNotLost) {
  for (int round = 0; round < 5; ++round) {
    for (int second = 0; second < 9; ++second) {
      ASSERT_FALSE(pass_second({1}));
    }
    ASSERT_FALSE(pass_second({1, 2}));
  }
}

TEST_F(HeartbeatMonitorTest, ACutOffRankIsLostAtOnce) {
  pass_second({1, 2});
  monitor_.cut_off(1, "it closed the connection");
  const auto loss = monitor_.judge(now_);
  ASSERT_TRUE(loss);
  EXPECT_EQ(loss->rank, 1);
  EXPECT_THAT(loss->reason, AllOf(HasSubstr("died"), HasSubstr("closed the connection")));
}

TEST_F(HeartbeatMonitorTest, ARankThatLeavesInOrderIsNotMissed) {
  for (const int code : {0, 85}) {
    monitor_.left(code == 0 ? 1 : 2, {code, ""});
    monitor_.cut_off(code == 0 ? 1 : 2, "it closed the connection");
  }
  for (int second = 0; second < 100; ++second) {
    ASSERT_FALSE(pass_second({}));
  }
}

TEST_F(HeartbeatMonitorTest, ARankThatFailsPassesItsExitCodeOn) {
  monitor_.left(2, {78, "corrupt data"});
  monitor_.cut_off(2, "it closed the connection");
  const auto loss = monitor_.judge(now_);
  ASSERT_TRUE(loss);
  EXPECT_EQ(loss->exit_code, 78);
  EXPECT_THAT(loss->reason, HasSubstr("exit code 78: corrupt data"));
}

TEST_F(HeartbeatMonitorTest, TheDeadAreToldBeforeTheSilent) {
  for (int second = 0; second < 12; ++second) {
    pass_second({});
  }
  monitor_.cut_off(2, "reset");
  EXPECT_EQ(monitor_.judge(now_)->rank, 2);
}

TEST_F(HeartbeatMonitorTest, AfterAPauseOfItsOwnItBlamesNobody) {
  pass_second({1, 2});
  now_ += seconds(300);  // this process was stopped
  EXPECT_FALSE(monitor_.judge(now_));
  for (int second = 0; second < 10; ++second) {
    ASSERT_FALSE(pass_second({1}));
  }
  EXPECT_EQ(pass_second({1})->rank, 2);
}

TEST_F(HeartbeatMonitorTest, ReportsAStallWithEveryRanksPhase) {
  pass_second({1, 2});
  for (int second = 0; second < 60; ++second) {
    ASSERT_FALSE(pass_second({1, 2}, false));
    ASSERT_FALSE(monitor_.stall_report(now_)) << second;
  }
  pass_second({1, 2}, false);
  const auto report = monitor_.stall_report(now_);
  ASSERT_TRUE(report);
  EXPECT_THAT(*report, AllOf(HasSubstr("60 s"), HasSubstr("rank 1 (host-1): step 17, reduce"),
                             HasSubstr("rank 2 (host-2): step 17, reduce")));
  pass_second({1, 2}, false);
  EXPECT_FALSE(monitor_.stall_report(now_)) << "once a minute is enough";
}

/// A minute in which each rank waits for the others in so many of its 60 beats.
class SlowRankTest : public ::testing::Test {
 protected:
  std::optional<std::string> report_after(const std::vector<int>& waiting_beats) {
    HeartbeatMonitor::Time now{seconds(1000)};
    std::vector<HeartbeatMonitor::Watched> ranks;
    for (std::size_t rank = 0; rank < waiting_beats.size(); ++rank) {
      ranks.push_back({static_cast<int>(rank), "host-" + std::to_string(rank)});
    }
    HeartbeatMonitor monitor(ranks, {seconds(1), seconds(10), seconds(60)}, now);
    std::optional<std::string> report;
    for (int second = 1; second <= 61; ++second) {
      now += seconds(1);
      for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        const bool waits = second <= waiting_beats[rank];
        monitor.heard(static_cast<int>(rank), {17, waits ? "reduce" : "compute", 1, waits}, now);
      }
      EXPECT_FALSE(report) << "too soon";
      report = monitor.slow_report(now);
    }
    return report;
  }
};

TEST_F(SlowRankTest, TheOneThatAllOthersWaitForIsNamed) {
  const auto report = report_after({40, 2, 55});
  ASSERT_TRUE(report);
  EXPECT_THAT(*report,
              AllOf(HasSubstr("rank 1 (host-1) is slow"), HasSubstr("66 % of the last 60 s"),
                    HasSubstr("step 17, phase compute")));
}

TEST_F(SlowRankTest, NoneIsWhereTheyWaitForEachOther) {
  EXPECT_FALSE(report_after({20, 15, 25}));
  EXPECT_FALSE(report_after({0, 0, 0}));     // all compute, or all wait for a store
  EXPECT_FALSE(report_after({2, 2, 55}));    // two are busy
  EXPECT_FALSE(report_after({40, 2, 20}));   // one of the others hardly waits
  EXPECT_FALSE(report_after({60, 60, 60}));  // a slow network
}

TEST_F(HeartbeatMonitorTest, UnknownRanksChangeNothing) {
  monitor_.heard(7, {}, now_);
  monitor_.left(7, {1, ""});
  monitor_.cut_off(7, "");
  EXPECT_FALSE(monitor_.judge(now_));
}

TEST(HeartbeatMessageTest, MessagesAreReadAsTheyWereWritten) {
  const Beat beat{17, "reduce", 123, true};
  EXPECT_EQ(parse_beat(to_json(beat)), beat);
  const Farewell farewell{78, "why"};
  EXPECT_EQ(parse_farewell(to_json(farewell)), farewell);
  const Loss loss{3, "host", "reason", 17, "reduce", 75};
  EXPECT_EQ(parse_loss(to_json(loss)), loss);
  const Invitation invitation{"host", {"10.0.0.1", "127.0.0.1"}, 1234, "nonce"};
  EXPECT_EQ(parse_invitation(to_json(invitation)), invitation);
}

TEST(HeartbeatMessageTest, EveryTruncationIsRefused) {
  const auto check = [](const std::string& json, const auto& parse) {
    for (std::size_t size = 0; size < json.size(); ++size) {
      EXPECT_THROW(parse(json.substr(0, size)), RetryableError) << json.substr(0, size);
    }
  };
  check(to_json(Beat{1, "a", 1}), parse_beat);
  check(to_json(Farewell{1, "a"}), parse_farewell);
  check(to_json(Loss{1, "a", "b", 1, "c", 75}), parse_loss);
  check(to_json(Invitation{"a", {"b"}, 1, "c"}), parse_invitation);
}

TEST(HeartbeatMessageTest, LongMessagesAreCutRatherThanRefused) {
  const std::string text = to_json(Farewell{1, std::string(100'000, '\xff')});
  EXPECT_EQ(parse_farewell(text).exit_code, 1);
}

}  // namespace
}  // namespace temper::comm
