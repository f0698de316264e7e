#include "core/export/model_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
          .versions = {"Temper 0.1.0", "PEFT format 0.21"}};
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
  const std::string card = model_card(scratch, 1, true);
  EXPECT_THAT(card, StartsWith("---\nlibrary_name: transformers\n"));
  EXPECT_THAT(card, HasSubstr("trained from random weights"));
}

TEST(ModelCardTest, ARecipeCannotEndItsOwnBlock) {
  CardFacts tricky = facts();
  tricky.recipe_yaml = "name: x # ````\n```\n";
  EXPECT_THAT(adapter_card(tricky, kLora), HasSubstr("`````yaml\nname: x # ````\n```\n`````\n"));
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
