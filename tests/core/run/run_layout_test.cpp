#include "core/run/run_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace temper::run {
namespace {

TEST(RunLayoutTest, NamesAreThoseOfThePage) {
  const RunLayout layout{"/runs/x-1"};
  EXPECT_EQ(layout.record(), "/runs/x-1/run.json");
  EXPECT_EQ(layout.progress(), "/runs/x-1/progress.jsonl");
  EXPECT_EQ(layout.rank_log(3), "/runs/x-1/logs/rank-0003.log");
  EXPECT_EQ(layout.rank_log(12345), "/runs/x-1/logs/rank-12345.log");
  EXPECT_EQ(layout.launcher_log(), "/runs/x-1/logs/launcher.log");
  EXPECT_EQ(layout.checkpoints(), "/runs/x-1/checkpoints");
  EXPECT_EQ(share_name(0, 3), "state-00001-of-00003.safetensors");
}

TEST(CheckpointNameTest, GoesThereAndBack) {
  EXPECT_EQ(checkpoint_name(50, "a1b2c3"), "step-00000050.a1b2c3");
  for (const std::int64_t step : {0LL, 50LL, 99'999'999LL, 100'000'000LL, 123'456'789'012'345LL}) {
    const auto parsed = parse_checkpoint_name(checkpoint_name(step, "a1b2c3"));
    ASSERT_TRUE(parsed) << step;
    EXPECT_EQ(parsed->step, step);
    EXPECT_EQ(parsed->attempt, "a1b2c3");
  }
}

TEST(CheckpointNameTest, ForeignNamesAreNone) {
  for (const char* name :
       {"", "step-", "step-00000050", "step-00000050.", "step-50.a", "step-000000050.a",
        "step--0000050.a", "step-0000005x.a", "step-00000050.a/b", "step-00000050.A",
        "step-00000050.a.b", "step-99999999999999999999.a", "Step-00000050.a", "checkpoint-50"}) {
    EXPECT_FALSE(parse_checkpoint_name(name)) << name;
  }
}

TEST(NewIdTest, IsEightLettersAndNew) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.insert(new_id());
  }
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_THAT(ids, ::testing::Each(::testing::MatchesRegex("[0-9a-z]{8}")));
  EXPECT_TRUE(parse_checkpoint_name(checkpoint_name(1, new_id())));
}

}  // namespace
}  // namespace temper::run
