#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/recipe/minimal_recipe.h"

namespace temper::recipe {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::parse_minimal;

TEST(OverridesTest, ReplaceAndAddValues) {
  const Recipe recipe = parse_minimal({"name=y", "optimizer.lr=1e-4", "adapter.rslora=true"});
  EXPECT_EQ(recipe.name, "y");
  EXPECT_EQ(recipe.optimizer.lr, 1e-4);
  EXPECT_TRUE(recipe.adapter.rslora);
}

TEST(OverridesTest, TheLastOfTheSameKeyWins) {
  EXPECT_EQ(parse_minimal({"seed=1", "seed=2"}).seed, 2);
}

TEST(OverridesTest, TakeFlowLists) {
  const Recipe recipe =
      parse_minimal({"adapter.targets=[q_proj, v_proj]", "optimizer.betas=[0, .5]"});
  EXPECT_EQ(recipe.adapter.targets, Targets(std::vector<std::string>{"q_proj", "v_proj"}));
  EXPECT_THAT(recipe.optimizer.betas, ElementsAre(0, 0.5));
}

TEST(OverridesTest, TakeFlowMappings) {
  const Recipe recipe = parse_minimal({"adapter.rank_pattern={'layers\\.0\\..*': 4}"});
  EXPECT_EQ(recipe.adapter.rank_pattern.at("layers\\.0\\..*"), 4);
}

TEST(OverridesTest, ReachIntoListsAndShorthand) {
  const Recipe recipe = parse_minimal(
      {"data.train.0.format=jsonl", "data.train.1.path=b", "data.train.1.format=auto"});
  EXPECT_THAT(recipe.data.train, ElementsAre(DataSource{"a.jsonl", DataFormat::kJsonl},
                                             DataSource{"b", DataFormat::kAuto}));
}

TEST(OverridesTest, MakeListsAndSectionsThatAreNotThere) {
  const Recipe recipe = parse_minimal({"data.eval.0.path=e", "eval.every=5"});
  EXPECT_THAT(recipe.data.eval, ElementsAre(DataSource{"e", DataFormat::kAuto}));
  EXPECT_EQ(recipe.eval.every, 5);
}

TEST(OverridesTest, MayBeShorthand) {
  EXPECT_THAT(parse_minimal({"data.train=[a, b]"}).data.train,
              ElementsAre(DataSource{"a", DataFormat::kAuto}, DataSource{"b", DataFormat::kAuto}));
}

TEST(OverridesTest, NothingAfterEqualsIsTheEmptyText) {
  EXPECT_EQ(parse_minimal({"model.name="}).model.name, "");
}

TEST(OverridesTest, MayContainEqualsInTheValue) {
  EXPECT_EQ(parse_minimal({"model.base=a=b"}).model.base, "a=b");
}

TEST(OverridesTest, MendWhatTheFileLacks) {
  const Environment environment = testing::no_variables();
  EXPECT_EQ(
      parse_recipe("", "empty.yaml",
                   {"name=x", "model.base=m", "data.train=a", "duration.steps=1", "batch.slots=1"},
                   &environment)
          .name,
      "x");
}

struct Bad {
  std::string option;
  std::string message;
};

class BadOverrideTest : public ::testing::TestWithParam<Bad> {};

TEST_P(BadOverrideTest, SaysSetInPlaceOfThePosition) {
  EXPECT_EQ(error_of({GetParam().option}), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Options, BadOverrideTest,
    ::testing::Values(
        Bad{"seed", "--set: 'seed' is not key=value; write e.g. optimizer.lr=1e-4"},
        Bad{"=3", "--set: '=3' is not key=value; write e.g. optimizer.lr=1e-4"},
        Bad{"a..b=3", "--set: 'a..b=3' is not key=value; write e.g. optimizer.lr=1e-4"},
        Bad{"lr=1", "--set: lr: unknown key; did you mean optimizer.lr?"},
        Bad{"optimizer.learning_rate=1",
            "--set: optimizer.learning_rate: unknown key; did you mean optimizer.lr?"},
        Bad{"optimizer.lr=-1",
            "--set: optimizer.lr: must be above 0, is -1; the default is 0.0002"},
        Bad{"seed=abc",
            "--set: seed: must be an integer, is 'abc'; write digits only, such as 1000"},
        Bad{"seed=",
            "--set: seed: must be an integer, is the text ''; write digits only, such as "
            "1000"},
        Bad{"data.train.2.path=x",
            "--set: data.train.2.path: '2' is no index of a list of 1; write 0 to 1, the last "
            "appends"},
        Bad{"data.train.first=x",
            "--set: data.train.first: 'first' is no index of a list of 1; write 0 to 1, the last "
            "appends"},
        Bad{"name.first=x",
            "--set: name.first: there is nothing under 'first', which is 'x'; set "
            "the whole value"},
        Bad{"adapter.targets=[a",
            "--set: adapter.targets: value '[a': not valid YAML (end of sequence flow not found); "
            "check indentation, colons and quotes here and just above"},
        Bad{"batch.slots=65",
            "--set: batch.slots: must be at most batch.samples, 65 > 64; a slot "
            "without a sample would idle, so lower slots or raise samples"}));

TEST(OverridesTest, TheirErrorsComeAfterTheFilesInOrder) {
  const Environment environment = testing::no_variables();
  try {
    parse_recipe(testing::kMinimal + "sede: 1\n", "f.yaml", {"z=1", "a=1"}, &environment);
    FAIL() << "no error";
  } catch (const UserError& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with("f.yaml:5:1: sede: ")) << message;
    EXPECT_LT(message.find("\n--set: z: "), message.find("\n--set: a: ")) << message;
    EXPECT_THAT(message, HasSubstr("\n--set: a: "));
  }
}

}  // namespace
}  // namespace temper::recipe
