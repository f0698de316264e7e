#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/recipe/minimal_recipe.h"
#include "tests/support/temporary_directory.h"

namespace temper::recipe {
namespace {

using testing::error_of_text;
using ::testing::HasSubstr;
using testing::kMinimal;

constexpr const char* kEverything = R"(
version: 1
name: all-of-it
seed: 7
model: {base: models/m, name: org/m, chat_template: chat.jinja, dtype: fp32, init: pretrained}
adapter:
  type: lora
  rank: 8
  alpha: 16.5
  dropout: 0.25
  targets: [q_proj, v_proj]
  rslora: true
  rank_pattern: {'layers\.0\..*': 4}
  alpha_pattern: {q_proj: 2e1}
data:
  train: [{path: "a b.jsonl", format: jsonl}, 'c.jsonl']
  eval: {path: e.jsonl}
  max_length: 512
  overlength: split
  train_on: last
batch: {samples: 8, slots: 2}
optimizer:
  {name: adamw, lr: 1e-3, betas: [0.8, 0.99], eps: 1e-6, weight_decay: 0.1, max_grad_norm: 0}
schedule: {kind: wsd, warmup: 10, min_lr_ratio: 0.5, decay: 0.25}
duration: {epochs: 1.5}
eval: {every: 20, samples: 30}
checkpoint: {to: /runs, every: 5, keep: 1}
)";

TEST(RecipeParseTest, ReadsEveryKey) {
  const Recipe recipe = parse_recipe(kEverything, "all.yaml");
  Recipe expected;
  expected.name = "all-of-it";
  expected.seed = 7;
  expected.model = {"models/m", "org/m", "chat.jinja", DataType::kFp32, Init::kPretrained};
  expected.adapter = {AdapterType::kLora,
                      8,
                      16.5,
                      0.25,
                      std::vector<std::string>{"q_proj", "v_proj"},
                      true,
                      {{"layers\\.0\\..*", 4}},
                      {{"q_proj", 20.0}}};
  expected.data = {{{"a b.jsonl", DataFormat::kJsonl}, {"c.jsonl", DataFormat::kAuto}},
                   {{"e.jsonl", DataFormat::kAuto}},
                   512,
                   Overlength::kSplit,
                   TrainOn::kLast};
  expected.batch = {8, 2};
  expected.optimizer = {OptimizerName::kAdamw, 1e-3, {0.8, 0.99}, 1e-6, 0.1, 0};
  expected.schedule = {ScheduleKind::kWsd, 10, 0.5, 0.25};
  expected.duration.epochs = 1.5;
  expected.eval = {20, 30};
  expected.checkpoint = {"/runs", 5, 1};
  EXPECT_EQ(recipe, expected) << dump(recipe);
}

TEST(RecipeParseTest, WhatIsNotSaidHasItsDefault) {
  Recipe expected;
  expected.name = "x";
  expected.model.base = "m.gguf";
  expected.data.train = {{"a.jsonl", DataFormat::kAuto}};
  expected.duration.steps = 100;
  EXPECT_EQ(parse_recipe(kMinimal, "minimal.yaml"), expected);
}

TEST(RecipeParseTest, TakesOneRegexForTargets) {
  const Recipe recipe = parse_recipe(kMinimal + "adapter: {targets: '.*\\.[qv]_proj'}\n", "m.yaml");
  EXPECT_EQ(recipe.adapter.targets, Targets(".*\\.[qv]_proj"));
}

TEST(RecipeParseTest, ResolvesAliases) {
  const Recipe recipe = parse_recipe(
      "name: x\nmodel: {base: m.gguf}\nduration: {steps: 10}\n"
      "data: {train: &here [a.jsonl], eval: *here}\n",
      "alias.yaml");
  EXPECT_EQ(recipe.data.eval, recipe.data.train);
}

TEST(RecipeParseTest, TextNeedsNoQuotesAroundDigits) {
  EXPECT_EQ(parse_recipe("name: 2026\nmodel: {base: 7}\ndata: {train: 8}\nduration: {steps: 1}\n"
                         "batch: {slots: 1}\n",
                         "digits.yaml")
                .name,
            "2026");
}

TEST(RecipeParseTest, ByteOrderMarkAndCarriageReturnsAreFine) {
  EXPECT_EQ(parse_recipe("\xEF\xBB\xBFname: x\r\nmodel: {base: \"m.gguf\"}\r\ndata: {train: "
                         "a.jsonl}\r\nduration: {steps: 1}\r\n",
                         "windows.yaml")
                .model.base,
            "m.gguf");
}

TEST(RecipeParseTest, FileErrorsNameTheFile) {
  const ::temper::testing::TemporaryDirectory directory;
  const auto file = directory / "bad.yaml";
  ::temper::testing::write_file(file, kMinimal + "sed: 1\n");
  try {
    read_recipe(file);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_EQ(std::string(error.what()),
              file.string() + ":5:1: sed: unknown key; did you mean seed?");
    EXPECT_EQ(error.exit_code(), ExitCode::kUser);
  }
}

TEST(RecipeParseTest, MissingFilesAndFoldersAreUserErrors) {
  const ::temper::testing::TemporaryDirectory directory;
  EXPECT_THROW(read_recipe(directory / "none.yaml"), UserError);
  EXPECT_THROW(read_recipe(directory.path()), UserError);
}

TEST(RecipeParseTest, ReportsAllErrorsInFileOrder) {
  EXPECT_EQ(error_of_text("model: {base: m.gguf, bsae: 1}\nname: x\nseed: a\ndata: {train: a}\n"
                          "duration: {steps: 0}\n"),
            "test.yaml:1:23: model.bsae: unknown key; did you mean model.base?\n"
            "test.yaml:3:7: seed: must be an integer, is 'a'; write digits only, such as 1000\n"
            "test.yaml:5:19: duration.steps: must be at least 1, is 0; meant is: Optimizer steps");
}

TEST(RecipeParseTest, AMisspelledRequiredKeyIsNotMissingToo) {
  EXPECT_EQ(error_of_text("nmae: x\nmodel: {base: m}\ndata: {train: a}\nduration: {setps: 100}\n"),
            "test.yaml:1:1: nmae: unknown key; did you mean name?\n"
            "test.yaml:4:12: duration.setps: unknown key; did you mean duration.steps?");
}

}  // namespace
}  // namespace temper::recipe
