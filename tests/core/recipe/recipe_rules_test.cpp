#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/recipe/minimal_recipe.h"

/// Each rule at its border: what still passes, and what does not. The messages are in the goldens.
namespace temper::recipe {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;
using Overrides = std::vector<std::string>;

struct Rule {
  std::string name;
  Overrides passes;
  Overrides fails;
  std::string key;  ///< that the error is about
};

class RecipeRulesTest : public ::testing::TestWithParam<Rule> {};

TEST_P(RecipeRulesTest, PassesWhatFits) {
  EXPECT_EQ(error_of(GetParam().passes), "no error");
}

TEST_P(RecipeRulesTest, RefusesWhatDoesNot) {
  const std::string error = error_of(GetParam().fails);
  EXPECT_THAT(error, HasSubstr(": " + GetParam().key + ": "));
  EXPECT_THAT(error, Not(HasSubstr("\n"))) << "one error only";
}

INSTANTIATE_TEST_SUITE_P(
    Rules, RecipeRulesTest,
    ::testing::Values(
        Rule{"Version", {"version=1"}, {"version=0"}, "version"},
        Rule{"NameCharacters", {"name=A.b_c-9"}, {"name=a/b"}, "name"},
        Rule{"NameStart", {"name=9"}, {"name=.hidden"}, "name"},
        Rule{"NameEmpty", {"name=a"}, {"name="}, "name"},
        Rule{"NameLength",
             {"name=" + std::string(100, 'a')},
             {"name=" + std::string(101, 'a')},
             "name"},
        Rule{"SlotsEqualSamples",
             {"batch.samples=8", "batch.slots=8"},
             {"batch.samples=8", "batch.slots=9"},
             "batch.slots"},
        Rule{"RandomInit",
             {"model.init=random", "adapter.type=none"},
             {"model.init=random"},
             "model.init"},
        Rule{"EvalWeight",
             {"data.eval=[{path: e.jsonl}]", "data.train=[{path: t.jsonl, weight: 2}]"},
             {"data.eval=[{path: e.jsonl, weight: 2}]"},
             "data.eval.0.weight"},
        Rule{"RankNeedsLora",
             {"adapter={type: none, rank: 16}"},
             {"adapter={type: none, rank: 8}"},
             "adapter.rank"},
        Rule{"TargetsNeedLora",
             {"adapter={type: none, targets: all-linear}"},
             {"adapter={type: none, targets: [q_proj]}"},
             "adapter.targets"},
        Rule{"PatternsNeedLora",
             {"adapter={type: none, rank_pattern: {}}"},
             {"adapter={type: none, rank_pattern: {q_proj: 1}}"},
             "adapter.rank_pattern"},
        Rule{"RegexCompiles",
             {"adapter.targets='(?:a|b)+'"},
             {"adapter.targets='(?:a|b'"},
             "adapter.targets"},
        Rule{"RankPatternCompiles",
             {"adapter.rank_pattern={'[a]': 1}"},
             {"adapter.rank_pattern={'[a': 1}"},
             "adapter.rank_pattern.[a"},
        Rule{"PatternLength",
             {"adapter.targets=" + std::string(200, 'a')},
             {"adapter.targets=" + std::string(201, 'a')},
             "adapter.targets"},
        Rule{"ListOfTargetsHoldsNames",
             {"adapter.targets=[q_proj]"},
             {"adapter.targets=[all-linear]"},
             "adapter.targets.0"},
        Rule{"TwoBetas",
             {"optimizer.betas=[0, 0]"},
             {"optimizer.betas=[0, 0, 0]"},
             "optimizer.betas"},
        Rule{"NoBetas", {"optimizer.betas=[0, 0]"}, {"optimizer.betas=[]"}, "optimizer.betas"},
        Rule{"WarmupWithinSteps",
             {"schedule.warmup=100"},
             {"schedule.warmup=101"},
             "schedule.warmup"},
        Rule{"WarmupWhole", {"schedule.warmup=0.5"}, {"schedule.warmup=1.5"}, "schedule.warmup"},
        Rule{"DecayFits",
             {"schedule={kind: wsd, warmup: 0.5, decay: 0.5}"},
             {"schedule={kind: wsd, warmup: 0.5, decay: 0.6}"},
             "schedule.decay"},
        Rule{"DecayFitsBesideSteps",
             {"schedule={kind: wsd, warmup: 50, decay: 0.5}"},
             {"schedule={kind: wsd, warmup: 51, decay: 0.5}"},
             "schedule.decay"},
        Rule{"DecayIsOfWsd",
             {"schedule={kind: linear, decay: 0.1}"},
             {"schedule={kind: linear, decay: 0.2}"},
             "schedule.decay"},
        Rule{"ConstantHasNoMinimum",
             {"schedule={kind: constant, min_lr_ratio: 0}"},
             {"schedule={kind: constant, min_lr_ratio: 0.1}"},
             "schedule.min_lr_ratio"},
        Rule{"DurationOnce",
             {"duration={epochs: 1}"},
             {"duration={epochs: 1, steps: 1}"},
             "duration"},
        Rule{"DurationAtAll", {"duration={steps: 1}"}, {"duration={}"}, "duration"},
        Rule{"EvalEveryNeedsData",
             {"eval.every=1", "data.eval=e.jsonl"},
             {"eval.every=1"},
             "eval.every"},
        Rule{"EvalSamplesNeedData",
             {"eval.samples=1", "data.eval=e.jsonl"},
             {"eval.samples=1"},
             "eval.samples"}),
    [](const auto& rule) { return rule.param.name; });

TEST(RecipeRulesTest, NoRuleJudgesAValueThatWasNotRead) {
  EXPECT_EQ(error_of({"batch.samples=8.5"}),
            "--set: batch.samples: must be an integer, is '8.5'; write digits only, such as 1000");
  EXPECT_THAT(error_of({"duration.steps=none", "schedule.warmup=5000"}), Not(HasSubstr("warmup")));
}

}  // namespace
}  // namespace temper::recipe
