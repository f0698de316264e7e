#include "core/model/adapter_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/core/model/tiny_models.h"

namespace temper::model {
namespace {

using testing::tiny_config;

std::string json_of(const recipe::Adapter& adapter, const std::string& base = "org/base") {
  const ModelConfig config = tiny_config();
  return adapter_config_json(config, adapter, resolve_lora_targets(config, adapter), base);
}

TEST(AdapterFormatTest, KeysAreThoseOfPeft) {
  EXPECT_EQ(lora_a_key("model.layers.3.self_attn.q_proj"),
            "base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight");
  EXPECT_EQ(lora_b_key("lm_head"), "base_model.model.lm_head.lora_B.weight");
}

// json.dumps(…, indent=2, sort_keys=True) of the same dictionary in Python 3.11.
TEST(AdapterFormatTest, TheFileIsTextForText) {
  recipe::Adapter adapter;
  adapter.rank = 8;
  adapter.alpha = 16;
  adapter.targets = std::vector<std::string>{"v_proj", "q_proj"};
  adapter.rank_pattern = {{"v_proj", 4}};
  adapter.alpha_pattern = {{"q_proj", 2.5}};
  EXPECT_EQ(json_of(adapter, "caf\u00e9"), R"({
  "alpha_pattern": {
    "q_proj": 2.5
  },
  "auto_mapping": null,
  "base_model_name_or_path": "caf\u00e9",
  "bias": "none",
  "fan_in_fan_out": false,
  "inference_mode": true,
  "init_lora_weights": true,
  "lora_alpha": 16,
  "lora_bias": false,
  "lora_dropout": 0.0,
  "modules_to_save": null,
  "peft_type": "LORA",
  "r": 8,
  "rank_pattern": {
    "v_proj": 4
  },
  "revision": null,
  "target_modules": [
    "q_proj",
    "v_proj"
  ],
  "task_type": "CAUSAL_LM",
  "use_dora": false,
  "use_rslora": false
})");
}

TEST(AdapterFormatTest, EmptyPatternsAreObjects) {
  const nlohmann::json object = nlohmann::json::parse(json_of({}));
  EXPECT_TRUE(object["rank_pattern"].is_object());
  EXPECT_TRUE(object["alpha_pattern"].is_object());
  EXPECT_EQ(object["target_modules"].size(), 7U);
}

TEST(AdapterFormatTest, PartlyAdaptedEndingsAreWrittenAsFullNames) {
  recipe::Adapter adapter;
  adapter.targets = std::string(R"((.*\.k_proj|.*\.1\.mlp\.up_proj))");
  const nlohmann::json object = nlohmann::json::parse(json_of(adapter));
  EXPECT_EQ(object["target_modules"],
            nlohmann::json::parse(R"(["k_proj","model.layers.1.mlp.up_proj"])"));
}

TEST(AdapterFormatTest, TheTargetsOfTheFileSelectTheSameModules) {
  for (const recipe::Targets& targets :
       {recipe::Targets(std::string("all-linear")), recipe::Targets(std::string(".*0.*")),
        recipe::Targets(std::vector<std::string>{"lm_head", "1.mlp.down_proj"})}) {
    recipe::Adapter adapter;
    adapter.targets = targets;
    recipe::Adapter loaded = adapter;
    loaded.targets =
        nlohmann::json::parse(json_of(adapter))["target_modules"].get<std::vector<std::string>>();
    const auto expected = resolve_lora_targets(tiny_config(), adapter);
    const auto actual = resolve_lora_targets(tiny_config(), loaded);
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      EXPECT_EQ(actual[i].module, expected[i].module);
    }
  }
}

}  // namespace
}  // namespace temper::model
