#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/model/model_config.h"
#include "tests/core/model/tiny_models.h"
#include "tests/support/temporary_directory.h"

namespace temper::model {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

ModelConfig read(const std::string& text) {
  const testing::TemporaryDirectory folder;
  testing::write_file(folder / "config.json", text);
  return read_config_json(folder / "config.json");
}

// The keys without which there is no model, changed by an RFC 7396 patch (null removes).
ModelConfig read_patched(const char* patch) {
  json config = json::parse(R"({"model_type":"llama","vocab_size":6,"hidden_size":8,
      "intermediate_size":12,"num_hidden_layers":2,"num_attention_heads":2})");
  config.merge_patch(json::parse(patch));
  return read(config.dump());
}

TEST(ConfigJsonTest, AbsentKeysMeanWhatTransformersTakes) {
  const ModelConfig config = read_patched("{}");
  EXPECT_EQ(config.num_kv_heads, 2);
  EXPECT_EQ(config.head_size, 4);
  EXPECT_EQ(config.context_length, 2048);
  EXPECT_EQ(config.rms_norm_epsilon, 1e-6);
  EXPECT_EQ(config.initializer_range, 0.02);
  EXPECT_EQ(config.rope.theta, 10000.0);
  EXPECT_EQ(config.rope.scaling, RopeScaling::kNone);
  EXPECT_FALSE(config.tied_embeddings);
  EXPECT_FALSE(config.attention_bias);
  EXPECT_FALSE(config.mlp_bias);
  EXPECT_EQ(config.sliding_window, std::nullopt);
}

TEST(ConfigJsonTest, NullIsAbsent) {
  const ModelConfig config =
      read(R"({"model_type":"llama","vocab_size":6,"hidden_size":8,"intermediate_size":12,
      "num_hidden_layers":2,"num_attention_heads":2,"head_dim":null,"num_key_value_heads":null,
      "rope_scaling":null,"rope_parameters":null,"quantization_config":null})");
  EXPECT_EQ(config.head_size, 4);
  EXPECT_EQ(config.num_kv_heads, 2);
  EXPECT_EQ(config.rope.scaling, RopeScaling::kNone);
}

TEST(ConfigJsonTest, HeadsMayBeWiderThanTheModel) {
  EXPECT_EQ(read_patched(R"({"head_dim":16,"num_key_value_heads":1})").head_size, 16);
  EXPECT_EQ(read_patched(R"({"head_dim":6,"hidden_size":9})").head_size, 6);
}

TEST(ConfigJsonTest, TiesAndBiasesAreRead) {
  const ModelConfig config =
      read_patched(R"({"tie_word_embeddings":true,"attention_bias":true,"mlp_bias":true})");
  EXPECT_TRUE(config.tied_embeddings);
  EXPECT_TRUE(config.attention_bias);
  EXPECT_TRUE(config.mlp_bias);
}

// Llama 3.2's scaling in the spelling of Transformers 4 (old and new key) and 5.
TEST(ConfigJsonTest, Llama3ScalingIsReadInEverySpelling) {
  for (const char* patch :
       {R"({"rope_theta":500000.0,"rope_scaling":{"rope_type":"llama3","factor":32.0,
            "low_freq_factor":1.0,"high_freq_factor":4.0,
            "original_max_position_embeddings":8192}})",
        R"({"rope_theta":500000.0,"rope_scaling":{"type":"llama3","factor":32.0,
            "low_freq_factor":1.0,"high_freq_factor":4.0,
            "original_max_position_embeddings":8192}})",
        R"({"rope_parameters":{"rope_theta":500000.0,"rope_type":"llama3","factor":32.0,
            "low_freq_factor":1.0,"high_freq_factor":4.0,
            "original_max_position_embeddings":8192}})"}) {
    const RopeConfig rope = read_patched(patch).rope;
    EXPECT_EQ(rope.theta, 500000.0);
    EXPECT_EQ(rope.scaling, RopeScaling::kLlama3);
    EXPECT_EQ(rope.factor, 32.0);
    EXPECT_EQ(rope.low_frequency_factor, 1.0);
    EXPECT_EQ(rope.high_frequency_factor, 4.0);
    EXPECT_EQ(rope.original_context_length, 8192);
  }
}

TEST(ConfigJsonTest, TheOriginalContextDefaultsToTheContext) {
  const ModelConfig config = read_patched(
      R"({"max_position_embeddings":4096,"rope_scaling":{"rope_type":"llama3","factor":8,
          "low_freq_factor":1,"high_freq_factor":4}})");
  EXPECT_EQ(config.rope.original_context_length, 4096);
}

TEST(ConfigJsonTest, LinearAndDefaultScalingAreRead) {
  const RopeConfig linear =
      read_patched(R"({"rope_theta":7,"rope_scaling":{"type":"linear","factor":2.5}})").rope;
  EXPECT_EQ(linear.scaling, RopeScaling::kLinear);
  EXPECT_EQ(linear.factor, 2.5);
  EXPECT_EQ(linear.theta, 7);
  const RopeConfig plain =
      read_patched(R"({"rope_theta":7,"rope_parameters":{"rope_type":"default","rope_theta":8}})")
          .rope;
  EXPECT_EQ(plain.scaling, RopeScaling::kNone);
  EXPECT_EQ(plain.theta, 8);
}

TEST(ConfigJsonTest, MistralsWindowIsReadAsTransformersDoes) {
  // An explicit null is full attention.
  EXPECT_EQ(read(R"({"model_type":"mistral","vocab_size":6,"hidden_size":8,"intermediate_size":12,
      "num_hidden_layers":2,"num_attention_heads":2,"sliding_window":null})")
                .sliding_window,
            std::nullopt);
  EXPECT_EQ(read_patched(R"({"model_type":"mistral","max_position_embeddings":4096,
                             "sliding_window":4096})")
                .sliding_window,
            4096);
  // Absent: MistralConfig's 4096.
  EXPECT_EQ(read_patched(R"({"model_type":"mistral"})").sliding_window, 4096);
  EXPECT_THAT([] { read_patched(R"({"model_type":"mistral","sliding_window":0})"); },
              ThrowsMessage<UserError>(HasSubstr("sliding_window: 0 must be above 0")));
}

TEST(ConfigJsonTest, MistralHasNoBiases) {
  const ModelConfig config = read_patched(
      R"({"model_type":"mistral","max_position_embeddings":64,"attention_bias":true,"mlp_bias":true})");
  EXPECT_FALSE(config.attention_bias);
  EXPECT_FALSE(config.mlp_bias);
}

struct RefusedCase {
  const char* name;
  const char* patch;
  const char* message;
};

class ConfigJsonRefusesTest : public ::testing::TestWithParam<RefusedCase> {};

TEST_P(ConfigJsonRefusesTest, WithTheKeyAndTheValue) {
  EXPECT_THAT(
      [] { read_patched(GetParam().patch); },
      ThrowsMessage<UserError>(AllOf(HasSubstr("config.json: "), HasSubstr(GetParam().message))));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, ConfigJsonRefusesTest,
    ::testing::Values(
        RefusedCase{"NoType", R"({"model_type":null})", "model_type: the key is missing"},
        RefusedCase{"OtherType", R"({"model_type":"qwen3"})",
                    "model_type: 'qwen3' is not supported ('llama' and 'mistral' are)"},
        RefusedCase{"TypeAsNumber", R"({"model_type":1})", "model_type: 1 is not a string"},
        RefusedCase{"NoSize", R"({"hidden_size":null})", "hidden_size: the key is missing"},
        RefusedCase{"SizeAsText", R"({"hidden_size":"8"})", "\"8\" is not an integer"},
        RefusedCase{"FractionalSize", R"({"hidden_size":8.5})", "8.5 is not an integer"},
        RefusedCase{"HugeSize", R"({"hidden_size":18446744073709551615})", "is not an integer"},
        RefusedCase{"LargeSize", R"({"vocab_size":4194305})", "must be between 1 and 4194304"},
        RefusedCase{"NegativeSize", R"({"vocab_size":-1})", "vocab_size: -1 must be between"},
        RefusedCase{"ZeroHeads", R"({"num_attention_heads":0})", "num_attention_heads: 0"},
        RefusedCase{"LargeHeads", R"({"head_dim":4194304})", "are more than 4194304 together"},
        RefusedCase{"ManyLayers", R"({"num_hidden_layers":4097})", "between 1 and 4096"},
        RefusedCase{"KvHeadsThatDoNotDivide", R"({"num_key_value_heads":3})",
                    "num_attention_heads 2 is no multiple of num_key_value_heads 3"},
        RefusedCase{"HeadsThatDoNotDivide", R"({"hidden_size":9})",
                    "hidden_size: 9 is no multiple of num_attention_heads 2"},
        RefusedCase{"OddHead", R"({"head_dim":5})", "head_dim 5 is odd"},
        RefusedCase{"ZeroEpsilon", R"({"rms_norm_eps":0})", "rms_norm_eps: 0 must be above 0"},
        RefusedCase{"Activation", R"({"hidden_act":"gelu"})", "hidden_act: 'gelu'"},
        RefusedCase{"Dropout", R"({"attention_dropout":0.1})", "attention_dropout: 0.1"},
        RefusedCase{"Quantised", R"({"quantization_config":{"bits":4}})",
                    "quantised Hugging Face folders are not supported"},
        RefusedCase{"EosAsTexts", R"({"eos_token_id":["x"]})", "is not a list of integers"},
        RefusedCase{"TieAsText", R"({"tie_word_embeddings":"no"})", "neither true nor false"},
        RefusedCase{"Yarn", R"({"rope_scaling":{"type":"yarn","factor":2}})",
                    "rope_scaling: rope_type: 'yarn' is not supported"},
        RefusedCase{"LinearWithoutFactor", R"({"rope_scaling":{"type":"linear"}})",
                    "rope_scaling: factor: the key is missing"},
        RefusedCase{"FactorZero", R"({"rope_scaling":{"type":"linear","factor":0}})",
                    "factor: 0 must be above 0"},
        RefusedCase{"Llama3WithoutBand", R"({"rope_scaling":{"rope_type":"llama3","factor":8}})",
                    "low_freq_factor: the key is missing"},
        RefusedCase{"Llama3EmptyBand",
                    R"({"rope_scaling":{"rope_type":"llama3","factor":8,"low_freq_factor":4,
                        "high_freq_factor":4}})",
                    "high_freq_factor 4 must be above low_freq_factor 4"},
        RefusedCase{"ScalingAsList", R"({"rope_scaling":[1]})",
                    "rope_scaling: [1] is not an object"},
        RefusedCase{"RopeByLayer", R"({"rope_parameters":{"full_attention":{}}})",
                    "by layer are not supported"},
        RefusedCase{"PartOfAHead", R"({"partial_rotary_factor":0.5})", "only whole heads"},
        RefusedCase{"ThetaZero", R"({"rope_theta":0})", "rope_theta: 0 must be above 0"}),
    [](const auto& test) { return test.param.name; });

TEST(ConfigJsonTest, TokenIdsAreHandedOn) {
  const ModelConfig one = read_patched(R"({"bos_token_id":0,"eos_token_id":7,"pad_token_id":3})");
  EXPECT_EQ(one.token_ids.bos, 0);
  EXPECT_EQ(one.token_ids.pad, 3);
  EXPECT_EQ(json::parse(config_json(one))["eos_token_id"], 7);
  const ModelConfig several = read_patched(R"({"eos_token_id":[7,9]})");
  EXPECT_EQ(json::parse(config_json(several))["eos_token_id"], json({7, 9}));
  EXPECT_FALSE(json::parse(config_json(several)).contains("bos_token_id"));
  EXPECT_FALSE(json::parse(config_json(read_patched("{}"))).contains("eos_token_id"));
}

TEST(ConfigJsonTest, TextThatIsNoObjectIsRefused) {
  const std::string whole = config_json(testing::tiny_config());
  ASSERT_EQ(read(whole).hidden_size, 8);
  const testing::TemporaryDirectory folder;
  for (std::size_t length = 0; length + 2 < whole.size(); ++length) {  // "}\n" ends it
    testing::write_file(folder / "config.json", whole.substr(0, length));
    EXPECT_THROW(read_config_json(folder / "config.json"), UserError) << length;
  }
  EXPECT_THROW(read("[]"), UserError);
  EXPECT_THROW(read_config_json("/no/such/config.json"), UserError);
}

TEST(ConfigJsonTest, WhatIsWrittenIsReadBack) {
  ModelConfig config = testing::tiny_config();
  config.tied_embeddings = true;
  config.attention_bias = true;
  config.rope = {.theta = 5e5,
                 .scaling = RopeScaling::kLlama3,
                 .factor = 8,
                 .low_frequency_factor = 1,
                 .high_frequency_factor = 4,
                 .original_context_length = 32};
  const std::string text = config_json(config);
  EXPECT_EQ(config_json(read(text)), text);
  config.architecture = "mistral";
  config.attention_bias = false;
  config.rope = {.theta = 1e4, .scaling = RopeScaling::kLinear, .factor = 2};
  const std::string mistral = config_json(config, "bfloat16");
  EXPECT_THAT(mistral, HasSubstr("\"sliding_window\": null"));
  EXPECT_EQ(config_json(read(mistral), "bfloat16"), mistral);
}

}  // namespace
}  // namespace temper::model
