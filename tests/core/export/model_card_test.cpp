#include "core/export/model_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/export/shareable_recipe.h"
#include "tests/support/golden.h"

namespace temper::exporting {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

CardFacts facts() {
  return {.title = "smollm2-debian",
          .base_name = "HuggingFaceTB/SmolLM2-135M-Instruct",
          .base_path = "models/smollm2.gguf",
          .from_scratch = false,
          .data = {"data/train.jsonl", "data/more/*.jsonl.gz"},
          .steps = 200,
          .samples = 12800,
          .trained_tokens = 1234567,
          .results = {{"held-out", 2.34567, 1.23456}, {"training", std::nullopt, 1.1}},
          .recipe_yaml = "version: 1\nname: smollm2-debian",
          .versions = {"Temper 0.1.0", "PEFT format 0.21"},
          .curve = {{0, std::nullopt, 2.34567}, {100, 1.5, std::nullopt}, {200, 1.1, 1.23456}},
          .datasets = {"org/chats"}};
}

constexpr LoraFacts kLora{
    .rank = 16, .alpha = 32, .rslora = true, .num_modules = 210, .num_parameters = 4884480};

TEST(ModelCardTest, AdapterCardIsAsReviewed) {
  ::temper::testing::expect_golden("export/adapter_card.md", adapter_card(facts(), kLora));
}

TEST(ModelCardTest, ModelCardIsAsReviewed) {
  ::temper::testing::expect_golden("export/model_card.md", model_card(facts(), 134515008, true));
}

TEST(ModelCardTest, APathIsNoBaseModelForTheHub) {
  CardFacts local = facts();
  local.base_name.clear();
  const std::string card = adapter_card(local, kLora);
  EXPECT_THAT(card, Not(HasSubstr("base_model")));
  EXPECT_THAT(card, HasSubstr("from_pretrained(\"models\", gguf_file=\"smollm2.gguf\")"));
  local.base_path = "/models/smol \"lm\"";
  EXPECT_THAT(adapter_card(local, kLora),
              HasSubstr("from_pretrained(\"/models/smol \\\"lm\\\"\")"));
}

TEST(ModelCardTest, SaysWhyThereIsNoTokenizer) {
  EXPECT_THAT(model_card(facts(), 1, false), HasSubstr("the base is a GGUF file"));
  EXPECT_THAT(model_card(facts(), 1, false), Not(HasSubstr("AutoTokenizer")));
  CardFacts folder = facts();
  folder.base_path = "models/smollm2";
  EXPECT_THAT(model_card(folder, 1, false), HasSubstr("the base's folder has none"));
}

TEST(ModelCardTest, AModelFromScratchHasNoBase) {
  CardFacts scratch = facts();
  scratch.from_scratch = true;
  scratch.datasets.clear();
  const std::string card = model_card(scratch, 1, true);
  EXPECT_THAT(card, StartsWith("---\nlibrary_name: transformers\n"));
  EXPECT_THAT(card, HasSubstr("trained from random weights"));
}

TEST(ModelCardTest, ARecipeCannotEndItsOwnBlock) {
  CardFacts tricky = facts();
  tricky.recipe_yaml = "name: x # ````\n```\n";
  EXPECT_THAT(adapter_card(tricky, kLora), HasSubstr("`````yaml\nname: x # ````\n```\n`````\n"));
}

TEST(ModelCardTest, ShowsAtMostTwelveStepsOfTheCurve) {
  CardFacts long_run = facts();
  long_run.curve.clear();
  for (std::int64_t step = 0; step <= 1000; ++step) {
    long_run.curve.push_back({step, 1.0, std::nullopt});
  }
  const std::string card = adapter_card(long_run, kLora);
  EXPECT_THAT(card, HasSubstr("| 0 | 1.0000 |  |\n| 90 |"));
  EXPECT_THAT(card, HasSubstr("| 909 | 1.0000 |  |\n| 1000 | 1.0000 |  |\n\n"));
}

TEST(ShareableRecipeTest, LocalPathsLoseTheirFoldersAndUrlsStay) {
  recipe::Recipe recipe;
  recipe.model.base = "/home/me/models/smollm2/";
  recipe.model.name = "/home/me/models/smollm2";
  recipe.checkpoint.to = "gs://bucket/runs";
  recipe.data.train.resize(3);
  recipe.data.train[0].path = "/home/me/secret/chat.jsonl";
  recipe.data.train[1].path = "/home/me/chats/*.jsonl";
  recipe.data.train[2].path = "hf://datasets/org/chats";
  const recipe::Recipe shown = shareable_recipe(recipe);
  EXPECT_EQ(shown.model.base, "smollm2");
  EXPECT_EQ(shown.model.name, "smollm2");
  EXPECT_EQ(shown.checkpoint.to, "gs://bucket/runs");
  EXPECT_EQ(shown.data.train[0].path, "chat.jsonl");
  EXPECT_EQ(shown.data.train[1].path, "chats/*.jsonl");
  EXPECT_EQ(shown.data.train[2].path, "hf://datasets/org/chats");
}

TEST(ModelCardTest, KnowsHubIdsFromPaths) {
  for (const char* id :
       {"gpt2", "HuggingFaceTB/SmolLM2-135M-Instruct", "meta-llama/Llama-3.1-8B"}) {
    EXPECT_TRUE(is_hub_id(id)) << id;
  }
  for (const char* path : {"", "/models/x", "./x", "../x", "a/b/c", "models/", "model.gguf",
                           "owner/name.gguf", "~/x", "my model", "file://x"}) {
    EXPECT_FALSE(is_hub_id(path)) << path;
  }
}

}  // namespace
}  // namespace temper::exporting
