#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "tests/core/recipe/minimal_recipe.h"
#include "tests/core/recipe/random_recipe.h"
#include "tests/support/temporary_directory.h"

/// Whatever the bytes are: a recipe, or a UserError that names the file. Nothing else.
namespace temper::recipe {
namespace {

void expect_recipe_or_user_error(const std::string& text) {
  const Environment environment = testing::no_variables();
  try {
    parse_recipe(text, "test.yaml", {}, &environment);
  } catch (const UserError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("test.yaml:")) << error.what();
  }
}

std::string valid_text() {
  std::mt19937_64 random(1);
  return dump(testing::random_recipe(random));
}

TEST(HostileInputTest, EveryTruncationIsARecipeOrAUserError) {
  const std::string text = valid_text();
  for (std::size_t length = 0; length < text.size(); ++length) {
    expect_recipe_or_user_error(text.substr(0, length));
  }
}

TEST(HostileInputTest, EveryTruncationOfAFlowRecipeIsRefused) {
  const std::string text =
      "{name: \"x\", model: {base: 'm'}, data: {train: [a]}, duration: {steps: 100}}";
  EXPECT_EQ(testing::error_of_text(text), "no error");
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(testing::error_of_text(text.substr(0, length)), "no error") << length;
  }
}

TEST(HostileInputTest, MutatedRecipesAreRecipesOrUserErrors) {
  const char* given = std::getenv("TEMPER_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261124;
  SCOPED_TRACE("TEMPER_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::string original = valid_text();
  for (int round = 0; round < 1500; ++round) {
    std::string text = original;
    const std::size_t edits = 1 + random() % 8;
    for (std::size_t i = 0; i < edits; ++i) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text.insert(at, testing::random_text(random));
      } else {
        text.erase(at, 1 + random() % 20);
      }
    }
    expect_recipe_or_user_error(text);
  }
}

TEST(HostileInputTest, ManyErrorsAreAllReported) {
  std::string text = testing::kMinimal;
  for (int i = 0; i < 2000; ++i) {
    text += "key" + std::to_string(i) + ": 1\n";
  }
  const std::string error = testing::error_of_text(text);
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1999);
}

}  // namespace
}  // namespace temper::recipe
