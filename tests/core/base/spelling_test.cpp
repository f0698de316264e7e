#include "core/base/spelling.h"

#include <gtest/gtest.h>

namespace temper {
namespace {

TEST(EditDistanceTest, CountsInsertedDeletedChangedAndSwapped) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("ab", "ba"), 1U);
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);  // 2 without the restriction on swaps
  EXPECT_EQ(edit_distance("schedule", "shcedule"), 1U);
}

TEST(ClosestNameTest, FindsASlipOfThePen) {
  const std::vector<std::string> names = {"optimizer", "schedule", "duration", "lr"};
  EXPECT_EQ(closest_name("optimiser", names), "optimizer");
  EXPECT_EQ(closest_name("Schedule", names), "schedule");
  EXPECT_EQ(closest_name("durration", names), "duration");
  EXPECT_EQ(closest_name("l", names), "lr");
}

TEST(ClosestNameTest, KeepsSilentWhenNothingIsClose) {
  EXPECT_EQ(closest_name("gradient", {"optimizer", "lr"}), std::nullopt);
  EXPECT_EQ(closest_name("x", {"y"}), std::nullopt);
  EXPECT_EQ(closest_name("", {"a"}), std::nullopt);
  EXPECT_EQ(closest_name("a", {}), std::nullopt);
}

TEST(ClosestNameTest, TakesTheClosestAndOfEqualsTheFirst) {
  EXPECT_EQ(closest_name("batchs", {"batching", "batch", "catchs"}), "batch");
}

TEST(DidYouMeanTest, IsAPieceOfAMessage) {
  EXPECT_EQ(did_you_mean("fil", {"file"}), " (did you mean 'file'?)");
  EXPECT_EQ(did_you_mean("gopher", {"file"}), "");
}

}  // namespace
}  // namespace temper
