#include "core/recipe/suggestions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/recipe/foreign_names.h"
#include "core/recipe/recipe_io.h"

namespace temper::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  for (const KeyReference& reference : recipe_keys()) {
    keys.push_back(reference.key);
  }
  return keys;
}

std::string advice(const std::string& key) {
  return suggest_key(key, known_keys()).advice;
}

TEST(SuggestionsTest, PreferTheSameNameInAnotherSection) {
  EXPECT_EQ(advice("lr"), "did you mean optimizer.lr?");
  EXPECT_EQ(advice("model.epochs"), "did you mean duration.epochs?");
  EXPECT_EQ(advice("samples"), "did you mean batch.samples or eval.samples?");
}

TEST(SuggestionsTest, FindANearSpellingInTheSection) {
  EXPECT_EQ(advice("optimizer.weigth_decay"), "did you mean optimizer.weight_decay?");
  EXPECT_EQ(advice("optimiser"), "did you mean optimizer?");
  EXPECT_EQ(advice("data.train.0.fromat"), "did you mean data.train.0.format?");
}

TEST(SuggestionsTest, FindANearSpellingAnywhere) {
  EXPECT_EQ(advice("max_lenght"), "did you mean data.max_length?");
}

TEST(SuggestionsTest, ListTheKeysWhereNothingIsNear) {
  EXPECT_EQ(advice("duration.fortnights"), "the keys here are epochs, steps");
}

TEST(SuggestionsTest, SayWhereTheMeaningDiffers) {
  EXPECT_THAT(advice("per_device_train_batch_size"), HasSubstr("batch.samples? It counts"));
  EXPECT_THAT(advice("Learning-Rate"), HasSubstr("optimizer.lr"));
  EXPECT_TRUE(suggest_key("deepspeed", known_keys()).keys.empty());
  EXPECT_THAT(suggest_key("lora_r", known_keys()).keys, ElementsAre("adapter.rank"));
}

TEST(SuggestionsTest, ChoicesMayBeginLonger) {
  const std::vector<std::string> choices = {"constant", "cosine"};
  EXPECT_EQ(nearest_choice("cosin", choices), "cosine");
  EXPECT_EQ(nearest_choice("cosine_with_min_lr", choices), "cosine");
  EXPECT_EQ(nearest_choice("polynomial", choices), "");
}

TEST(ForeignNamesTest, PointToKeysThatExist) {
  const std::vector<std::string> keys = known_keys();
  for (const ForeignName& foreign : foreign_names()) {
    if (foreign.key.empty()) {
      EXPECT_FALSE(foreign.note.empty()) << foreign.name;
    } else {
      EXPECT_NE(std::find(keys.begin(), keys.end(), foreign.key), keys.end()) << foreign.name;
    }
  }
}

TEST(ForeignNamesTest, AreThereOnceAndNotOurs) {
  std::set<std::string_view> names;
  std::set<std::string> leaves;
  for (const std::string& key : known_keys()) {
    leaves.insert(key.substr(key.rfind('.') + 1));
  }
  for (const ForeignName& foreign : foreign_names()) {
    EXPECT_TRUE(names.insert(foreign.name).second) << foreign.name;
    EXPECT_FALSE(leaves.contains(std::string(foreign.name))) << foreign.name;
  }
}

/// The names that the five frameworks share, and those that split their users.
TEST(ForeignNamesTest, KnowTheWordsThatUsersBring) {
  for (const char* name : {"learning_rate",
                           "gradient_accumulation_steps",
                           "max_steps",
                           "num_epochs",
                           "num_train_epochs",
                           "warmup_steps",
                           "warmup_ratio",
                           "bf16",
                           "logging_steps",
                           "eval_steps",
                           "save_steps",
                           "save_total_limit",
                           "resume_from_checkpoint",
                           "output_dir",
                           "hub_model_id",
                           "push_to_hub",
                           "lora_r",
                           "lora_alpha",
                           "lora_dropout",
                           "lora_target_modules",
                           "lora_modules_to_save",
                           "use_rslora",
                           "use_dora",
                           "load_in_4bit",
                           "micro_batch_size",
                           "per_device_train_batch_size",
                           "batch_size",
                           "sequence_len",
                           "cutoff_len",
                           "max_seq_len",
                           "base_model",
                           "model_name_or_path",
                           "sample_packing",
                           "packing",
                           "packed",
                           "lr_scheduler_type",
                           "lr_scheduler",
                           "gradient_checkpointing",
                           "clip_grad_norm",
                           "excess_length_strategy",
                           "val_set_size",
                           "train_on_inputs",
                           "finetuning_type",
                           "t_warmup",
                           "global_train_batch_size",
                           "save_folder",
                           "max_duration"}) {
    EXPECT_NE(find_foreign_name(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace temper::recipe
