#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "core/recipe/recipe_io.h"
#include "tests/core/recipe/minimal_recipe.h"
#include "tests/core/recipe/random_recipe.h"
#include "tests/support/golden.h"

namespace temper::recipe {
namespace {

using testing::parse_minimal;

TEST(RecipeDumpTest, SpellsOutEveryDefault) {
  ::temper::testing::expect_golden("recipes/minimal.resolved.yaml", dump(parse_minimal()));
}

TEST(RecipeDumpTest, LeavesOutTheDurationThatIsNotSet) {
  Recipe recipe = parse_minimal({"duration={epochs: 2}"});
  EXPECT_NE(dump(recipe).find("duration:\n  epochs: 2.0\neval:"), std::string::npos)
      << dump(recipe);
}

TEST(RecipeDumpTest, LeavesOutTheWeightThatIsNotSet) {
  const Recipe recipe = parse_minimal();
  const std::string text = dump(recipe);
  EXPECT_EQ(text.find("weight: }"), std::string::npos) << text;
  EXPECT_EQ(parse_recipe(text, "dump.yaml"), recipe);
}

TEST(RecipeDumpTest, LiteralDollarsAreNotReplacedWhenReadBack) {
  const Recipe recipe = parse_minimal({"model.base=${env:DOLLARS}"});
  EXPECT_EQ(parse_recipe(dump(recipe), "dump.yaml").model.base, "${env:HOME_OF_DATA}");
}

TEST(RecipeDumpTest, AnUnfinishedRecipeCanBeShown) {
  EXPECT_NE(dump(Recipe{}).find("duration: {}\n"), std::string::npos);
}

TEST(RecipeDumpTest, RandomRecipesReadBackEqualAndDumpTheSameBytes) {
  const char* given = std::getenv("TEMPER_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261124;
  SCOPED_TRACE("TEMPER_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const Environment environment = testing::no_variables();
  for (int round = 0; round < 500; ++round) {
    const Recipe recipe = testing::random_recipe(random);
    const std::string text = dump(recipe);
    const Recipe read = parse_recipe(text, "dump.yaml", {}, &environment);
    ASSERT_EQ(read, recipe) << text;
    ASSERT_EQ(dump(read), text);
  }
}

}  // namespace
}  // namespace temper::recipe
