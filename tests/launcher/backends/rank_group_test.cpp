#include "launcher/backends/rank_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "core/base/error.h"
#include "tests/launcher/backends/supervisor_scenario.h"

namespace temper::launch {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr int kFirstPid = 1000;

class RankGroupTest : public ::testing::Test {
 protected:
  testing::FakeClock clock_;
  testing::FakeProcessRunner runner_;
  ScriptedSignals signals_;
  RankGroupSpec spec_{{"trainer", "--run", "r"}, 0, 3, 3, {"127.0.0.1", 1234}, "launch"};

  void script(int code, int polls, std::map<int, ExitStatus> ends_on_signal = {}) {
    runner_.script({.status = {code},
                    .polls_until_end = polls,
                    .ends_on_signal = std::move(ends_on_signal),
                    .on_start = {},
                    .on_poll = {},
                    .start_error = {}});
  }

  int run() { return RankGroup(clock_, runner_, signals_).run(spec_); }
};

TEST_F(RankGroupTest, EachRankKnowsItsPlaceAndWhereToMeet) {
  spec_.first_rank = 6;
  spec_.size = 12;
  for (int rank = 0; rank < 3; ++rank) {
    script(0, 5);
  }
  EXPECT_EQ(run(), 0);
  const Command& last = runner_.commands().at(2);
  EXPECT_THAT(last.argv, ElementsAre("trainer", "--run", "r"));
  EXPECT_THAT(last.environment,
              ElementsAre(Pair("LOCAL_RANK", "2"), Pair("MASTER_ADDR", "127.0.0.1"),
                          Pair("MASTER_PORT", "1234"), Pair("RANK", "8"),
                          Pair("TEMPER_LAUNCH", "launch"), Pair("WORLD_SIZE", "12")));
  EXPECT_FALSE(last.own_process_group);
}

TEST_F(RankGroupTest, TheFirstFailureIsTheGroups) {
  script(75, 20);
  script(137, 10);
  script(75, 21);
  EXPECT_EQ(run(), 137);
}

TEST_F(RankGroupTest, OfFailuresAtTheSameTimeTheOneThatSaysMostCounts) {
  script(137, 10);
  script(75, 10);
  script(78, 10);
  EXPECT_EQ(run(), 78);
}

TEST_F(RankGroupTest, AFrozenRankIsKilledAfterTheOthersLeft) {
  constexpr int kForEver = 1'000'000;
  script(75, 10);
  script(0, kForEver, {{SIGKILL, {137}}});
  script(75, 12);
  const auto began = clock_.steady_now();
  EXPECT_EQ(run(), 75);
  EXPECT_THAT(runner_.signals(), Contains(Pair(kFirstPid + 1, SIGKILL)));
  EXPECT_GE(clock_.steady_now() - began, RankGroup::kGrace);
  EXPECT_LT(clock_.steady_now() - began, RankGroup::kGrace + std::chrono::seconds(1));
}

TEST_F(RankGroupTest, SignalsArePassedOnToEveryRank) {
  signals_.at_poll(3, SIGUSR2);
  for (int rank = 0; rank < 3; ++rank) {
    script(0, 1000, {{SIGUSR2, {85}}});
  }
  EXPECT_EQ(run(), 85);
  EXPECT_THAT(runner_.signals(), ElementsAre(Pair(kFirstPid, SIGUSR2), Pair(kFirstPid + 1, SIGUSR2),
                                             Pair(kFirstPid + 2, SIGUSR2)));
}

TEST(PlaceRanksTest, AMachineAloneMeetsAtItself) {
  const std::map<std::string, std::string> variables = {{"TEMPER_LAUNCH", "3"}};
  const RankGroupSpec spec = place_ranks(2, 2, {"trainer"}, Environment(variables));
  EXPECT_EQ(spec.first_rank, 0);
  EXPECT_EQ(spec.meeting.address, "127.0.0.1");
  EXPECT_GT(spec.meeting.port, 0);
  EXPECT_NE(spec.launch, "3") << "two runs in one job may get the same port one after the other";
}

TEST(PlaceRanksTest, APodsRanksFollowThoseOfThePodsBefore) {
  const RankGroupSpec spec = place_ranks(2, 6, {"trainer"},
                                         Environment({{"JOB_COMPLETION_INDEX", "2"},
                                                      {"MASTER_ADDR", "run-w-0-0.run"},
                                                      {"MASTER_PORT", "29400"},
                                                      {"TEMPER_LAUNCH", "3"}}));
  EXPECT_EQ(spec.first_rank, 4);
  EXPECT_EQ(spec.size, 6);
  EXPECT_EQ(spec.meeting, (run::MeetingPlace{"run-w-0-0.run", 29400}));
  EXPECT_EQ(spec.launch, "3");
}

TEST(PlaceRanksTest, RefusesMachinesThatDoNotFitThePlan) {
  const auto error_of = [](int ranks_here, int size,
                           std::map<std::string, std::string> variables) -> std::string {
    try {
      place_ranks(ranks_here, size, {}, Environment(std::move(variables)));
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of(1, 3, {}), HasSubstr("does not say which machine"));
  EXPECT_THAT(
      error_of(1, 3, {{"JOB_COMPLETION_INDEX", "3"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "1"}}),
      HasSubstr("machine 3 of 3"));
  EXPECT_THAT(error_of(1, 3,
                       {{"PET_NODE_RANK", "0"},
                        {"PET_NNODES", "2"},
                        {"PET_MASTER_ADDR", "a"},
                        {"PET_MASTER_PORT", "1"}}),
              HasSubstr("machine 0 of 2 (PET)"));
}

}  // namespace
}  // namespace temper::launch
