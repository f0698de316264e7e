#include "core/recipe/interpolation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/recipe/minimal_recipe.h"

namespace temper::recipe {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::parse_minimal;

TEST(InterpolationTest, ReplacesVariablesAnywhereInAText) {
  const Environment environment = testing::variables({{"A", "1"}, {"EMPTY", ""}});
  EXPECT_EQ(interpolate("${env:A}", environment).text, "1");
  EXPECT_EQ(interpolate("x${env:A}y${env:A}${env:EMPTY}z", environment).text, "x1y1z");
  EXPECT_EQ(interpolate("no $ {variable} $$", environment).text, "no $ {variable} $$");
}

TEST(InterpolationTest, TwoDollarsStandForALiteral) {
  const Environment environment = testing::variables({{"A", "1"}});
  EXPECT_EQ(interpolate("$${env:A}", environment).text, "${env:A}");
  EXPECT_EQ(interpolate("$$${env:A}", environment).text, "$${env:A}");
}

TEST(InterpolationTest, AValueIsNotLookedThroughAgain) {
  EXPECT_EQ(parse_minimal({"model.base=${env:DOLLARS}"}).model.base, "${env:HOME_OF_DATA}");
}

TEST(InterpolationTest, ReachesEveryText) {
  const Recipe recipe = parse_minimal(
      {"data.train=['${env:HOME_OF_DATA}/a.jsonl']", "adapter.targets=['${env:HOME_OF_DATA}']"});
  EXPECT_EQ(recipe.data.train[0].path, "/data/a.jsonl");
  EXPECT_EQ(recipe.adapter.targets, Targets(std::vector<std::string>{"/data"}));
}

TEST(InterpolationTest, AnUnsetVariableIsAnError) {
  EXPECT_EQ(
      error_of({"model.base=${env:NOT_THERE}"}),
      "--set: model.base: environment variable 'NOT_THERE' is not set; export it or write the "
      "value here");
}

TEST(InterpolationTest, OtherExpressionsAreErrors) {
  const Environment environment = testing::no_variables();
  EXPECT_THAT(interpolate("${output_dir}", environment).problem, HasSubstr("'${output_dir}'"));
  EXPECT_THAT(interpolate("a${env:X", environment).problem, HasSubstr("without }"));
}

}  // namespace
}  // namespace temper::recipe
