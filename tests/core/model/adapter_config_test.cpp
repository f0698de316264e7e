#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/model/adapter_format.h"
#include "tests/core/model/tiny_models.h"

namespace temper::model {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSmallest =
    R"({"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"]})";

std::string with(const char* key, const nlohmann::json& value) {
  nlohmann::json config = nlohmann::json::parse(kSmallest);
  config[key] = value;
  return config.dump();
}

TEST(AdapterConfigTest, ReadsWhatIsWritten) {
  recipe::Adapter adapter;
  adapter.rank = 8;
  adapter.alpha = 2.5;
  adapter.dropout = 0.25;
  adapter.rslora = true;
  adapter.targets = std::vector<std::string>{"q_proj"};
  adapter.rank_pattern = {{"q_proj", 4}};
  adapter.alpha_pattern = {{"q_proj", 3}};
  adapter.modules_to_save = {"input_layernorm"};
  const ModelConfig config = testing::tiny_config();
  const AdapterConfig read = read_adapter_config(
      adapter_config_json(config, adapter, resolve_lora_targets(config, adapter), "org/base"), "x");
  EXPECT_EQ(read.settings, adapter);
  EXPECT_EQ(read.base_name, "org/base");
}

TEST(AdapterConfigTest, AbsentKeysHavePeftsDefaults) {
  const AdapterConfig read = read_adapter_config(kSmallest, "x");
  EXPECT_FALSE(read.settings.rslora);
  EXPECT_TRUE(read.settings.rank_pattern.empty());
  EXPECT_EQ(read.base_name, "");
}

TEST(AdapterConfigTest, RefusesWhatIsNoPlainLora) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {with("peft_type", "IA3"), "peft_type is not LORA"},
      {with("use_dora", true), "use_dora is true"},
      {with("bias", "all"), "bias is \"all\""},
      {with("layers_to_transform", {1}), "layers_to_transform"},
      {with("target_parameters", {"experts"}), "target_parameters"},
      {with("r", nullptr), "r is missing"},
      {with("target_modules", nullptr), "target_modules is missing"},
      {with("r", "four"), "which is of another type"},
      {with("r", 0), "a rank is from 1"},
      {with("rank_pattern", {{"q", -1}}), "rank_pattern: q is -1"},
      {"[]", "is no JSON object"},
      {"", "is no JSON object"}};
  for (const auto& refused : cases) {
    try {
      read_adapter_config(refused.first, "file");
      ADD_FAILURE() << refused.first;
    } catch (const UserError& error) {
      EXPECT_THAT(error.what(), HasSubstr("file: "));
      EXPECT_THAT(error.what(), HasSubstr(refused.second));
    }
  }
}

TEST(AdapterConfigTest, RefusesEveryTruncation) {
  const std::string text = kSmallest;
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_THROW(read_adapter_config(text.substr(0, size), "x"), UserError) << size;
  }
}

recipe::Adapter saving(std::vector<std::string> modules) {
  recipe::Adapter adapter;
  adapter.modules_to_save = std::move(modules);
  return adapter;
}

ModelConfig untied() {
  ModelConfig config = testing::tiny_config();
  config.tied_embeddings = false;
  return config;
}

TEST(SavedModulesTest, AreFoundInForwardOrder) {
  std::vector<std::string> names;
  for (const Parameter& parameter :
       resolve_saved_parameters(untied(), saving({"lm_head", "norm", "embed_tokens"}))) {
    names.push_back(parameter.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"model.embed_tokens.weight", "model.norm.weight",
                                             "lm_head.weight"}));
}

// PEFT takes "norm" for every module whose name ends so.
TEST(SavedModulesTest, TheFinalNormIsWrittenWithItsWholeName) {
  const recipe::Adapter adapter = saving({"norm", "post_attention_layernorm"});
  const auto config = nlohmann::json::parse(
      adapter_config_json(untied(), adapter, resolve_lora_targets(untied(), adapter), ""));
  EXPECT_EQ(config["modules_to_save"], (nlohmann::json{"model.norm", "post_attention_layernorm"}));
}

TEST(SavedModulesTest, RefusesWhatCannotBeTrainedWhole) {
  ModelConfig tied = untied();
  tied.tied_embeddings = true;
  const auto problem = [](const ModelConfig& config, const recipe::Adapter& adapter) {
    try {
      resolve_lora_targets(config, adapter);
    } catch (const UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(problem(untied(), saving({"q_proj"})), HasSubstr("leave it to adapter.targets"));
  EXPECT_THAT(problem(untied(), saving({"nothing"})), HasSubstr("matches no module"));
  EXPECT_THAT(problem(tied, saving({"lm_head"})), HasSubstr("tie_word_embeddings"));
  EXPECT_THAT(problem(tied, saving({"embed_tokens"})), HasSubstr("tie_word_embeddings"));
  EXPECT_EQ(problem(tied, saving({"norm"})), "");
  recipe::Adapter twice = saving({"lm_head"});
  twice.targets = std::vector<std::string>{"q_proj", "lm_head"};
  EXPECT_THAT(problem(untied(), twice), HasSubstr("leave it out of one"));
}

}  // namespace
}  // namespace temper::model
