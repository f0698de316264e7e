#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "core/model/module_pattern.h"
#include "core/model/parameters.h"
#include "tests/core/model/tiny_models.h"

namespace temper::model {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::tiny_config;

std::vector<std::string> modules_of(const recipe::Adapter& adapter,
                                    const ModelConfig& config = tiny_config()) {
  std::vector<std::string> names;
  for (const LoraTarget& target : resolve_lora_targets(config, adapter)) {
    names.push_back(target.module);
  }
  return names;
}

recipe::Adapter with_targets(recipe::Targets targets) {
  recipe::Adapter adapter;
  adapter.targets = std::move(targets);
  return adapter;
}

using List = std::vector<std::string>;

TEST(ListParametersTest, FollowsTheForwardPass) {
  ModelConfig config = tiny_config();
  config.num_layers = 1;
  config.attention_bias = true;
  std::vector<std::string> names;
  std::int64_t total = 0;
  for (const Parameter& parameter : list_parameters(config)) {
    names.push_back(parameter.name + " " + weights::shape_text(parameter.shape));
    total += parameter.num_elements();
  }
  EXPECT_THAT(names, ElementsAre("model.embed_tokens.weight [6, 8]",
                                 "model.layers.0.input_layernorm.weight [8]",
                                 "model.layers.0.self_attn.q_proj.weight [8, 8]",
                                 "model.layers.0.self_attn.q_proj.bias [8]",
                                 "model.layers.0.self_attn.k_proj.weight [4, 8]",
                                 "model.layers.0.self_attn.k_proj.bias [4]",
                                 "model.layers.0.self_attn.v_proj.weight [4, 8]",
                                 "model.layers.0.self_attn.v_proj.bias [4]",
                                 "model.layers.0.self_attn.o_proj.weight [8, 8]",
                                 "model.layers.0.self_attn.o_proj.bias [8]",
                                 "model.layers.0.post_attention_layernorm.weight [8]",
                                 "model.layers.0.mlp.gate_proj.weight [12, 8]",
                                 "model.layers.0.mlp.up_proj.weight [12, 8]",
                                 "model.layers.0.mlp.down_proj.weight [8, 12]",
                                 "model.norm.weight [8]", "lm_head.weight [6, 8]"));
  EXPECT_EQ(total, 624);
}

TEST(LoraTargetsTest, AllLinearIsEveryLinearButTheHead) {
  const std::vector<LoraTarget> targets =
      resolve_lora_targets(tiny_config(), with_targets(std::string("all-linear")));
  ASSERT_EQ(targets.size(), 14U);
  EXPECT_EQ(targets[0].module, "model.layers.0.self_attn.q_proj");
  EXPECT_EQ(targets[1].out_features, 4);
  EXPECT_EQ(targets[6].module, "model.layers.0.mlp.down_proj");
  EXPECT_EQ(targets[6].in_features, 12);
  EXPECT_EQ(targets[6].out_features, 8);
  EXPECT_EQ(targets[13].module, "model.layers.1.mlp.down_proj");
}

TEST(LoraTargetsTest, ListEntriesAreWholeNamesOrEndingsAtADot) {
  EXPECT_THAT(modules_of(with_targets(List{"v_proj", "q_proj"})),
              ElementsAre("model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj",
                          "model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.v_proj"));
  EXPECT_THAT(modules_of(with_targets(List{"model.layers.1.mlp.up_proj"})),
              ElementsAre("model.layers.1.mlp.up_proj"));
  EXPECT_THAT(modules_of(with_targets(List{"1.mlp.up_proj", "mlp.up_proj"})),
              ElementsAre("model.layers.0.mlp.up_proj", "model.layers.1.mlp.up_proj"));
  for (const char* entry : {"proj", "_proj", "self_attn", ".*q_proj", "layers"}) {
    EXPECT_THAT(
        [&] {
          modules_of(with_targets(List{"q_proj", entry}));
        },
        ThrowsMessage<UserError>(AllOf(HasSubstr(std::string("'") + entry + "'"),
                                       HasSubstr("q_proj, k_proj, v_proj, o_proj"))));
  }
}

TEST(LoraTargetsTest, ARegexMatchesTheFullName) {
  EXPECT_THAT(modules_of(with_targets(std::string(R"(.*\.[01]\..*\.(k|o)_proj)"))),
              ElementsAre("model.layers.0.self_attn.k_proj", "model.layers.0.self_attn.o_proj",
                          "model.layers.1.self_attn.k_proj", "model.layers.1.self_attn.o_proj"));
  EXPECT_THAT([] { modules_of(with_targets(std::string("q_proj"))); },
              ThrowsMessage<UserError>(HasSubstr("matches no linear module")));
  EXPECT_THAT([] { modules_of(with_targets(std::string("(q_proj"))); },
              ThrowsMessage<UserError>(HasSubstr("is no valid regular expression")));
}

TEST(LoraTargetsTest, TheHeadMayBeNamedUnlessItIsTheEmbedding) {
  EXPECT_THAT(modules_of(with_targets(List{"lm_head"})), ElementsAre("lm_head"));
  ModelConfig tied = tiny_config();
  tied.tied_embeddings = true;
  EXPECT_THAT(
      [&] {
        modules_of(with_targets(List{"lm_head", "q_proj"}), tied);
      },
      ThrowsMessage<UserError>(HasSubstr("lm_head is this model's embedding too")));
}

TEST(LoraTargetsTest, PatternsSetRankAndAlpha) {
  recipe::Adapter adapter = with_targets(List{"q_proj", "down_proj"});
  adapter.rank = 4;
  adapter.alpha = 8;
  adapter.rank_pattern = {{"down_proj", 2}, {R"(layers\.1\.self_attn\.q_proj)", 16}};
  adapter.alpha_pattern = {{"^model.layers.0.self_attn.q_proj", 2}};
  const std::vector<LoraTarget> targets = resolve_lora_targets(tiny_config(), adapter);
  ASSERT_EQ(targets.size(), 4U);
  EXPECT_EQ(targets[0].rank, 4);
  EXPECT_EQ(targets[0].scaling, 2.0 / 4);
  EXPECT_EQ(targets[1].rank, 2);
  EXPECT_EQ(targets[1].scaling, 8.0 / 2);
  EXPECT_EQ(targets[2].rank, 16);
  EXPECT_EQ(targets[2].scaling, 8.0 / 16);
  adapter.rslora = true;
  EXPECT_EQ(resolve_lora_targets(tiny_config(), adapter)[1].scaling, 8.0 / std::sqrt(2.0));
}

TEST(LoraTargetsTest, TheFirstOfTwoPatternsWinsInTheOrderOfTheirText) {
  recipe::Adapter adapter = with_targets(List{"q_proj"});
  adapter.rank_pattern = {{"q_proj", 3}, {R"(1\.self_attn\.q_proj)", 5}};
  const std::vector<LoraTarget> targets = resolve_lora_targets(tiny_config(), adapter);
  EXPECT_EQ(targets[0].rank, 3);
  EXPECT_EQ(targets[1].rank, 5);
}

TEST(LoraTargetsTest, APatternThatMatchesNothingIsAnError) {
  recipe::Adapter adapter = with_targets(List{"q_proj"});
  for (const char* pattern : {"v_proj", "proj", "q_pro", "layers.7.self_attn.q_proj"}) {
    adapter.rank_pattern = {{pattern, 3}};
    EXPECT_THAT(
        [&] { modules_of(adapter); },
        ThrowsMessage<UserError>(HasSubstr(std::string("adapter.rank_pattern: '") + pattern)));
  }
  adapter.rank_pattern.clear();
  adapter.alpha_pattern = {{"[", 3}};
  EXPECT_THAT([&] { modules_of(adapter); },
              ThrowsMessage<UserError>(HasSubstr("adapter.alpha_pattern: '['")));
}

// Expected values are those of Python 3.11's re.fullmatch(pattern, name) is not None.
struct PatternCase {
  const char* pattern;
  const char* name;
  bool whole;
};

class ModulePatternRegexTest : public ::testing::TestWithParam<PatternCase> {};

TEST_P(ModulePatternRegexTest, MatchesAsPythonDoes) {
  const PatternCase& test = GetParam();
  EXPECT_EQ(ModulePattern::whole_name(test.pattern, "here").matches(test.name), test.whole)
      << test.pattern;
}

INSTANTIATE_TEST_SUITE_P(
    Regexes, ModulePatternRegexTest,
    ::testing::Values(PatternCase{"a|ab", "ab", true}, PatternCase{"a|ab", "abc", false},
                      PatternCase{"a.*?", "abc", true}, PatternCase{"(?P<x>a)b(?P=x)", "aba", true},
                      PatternCase{"(?P<x>a)b(?P=x)", "abb", false},
                      PatternCase{"(?i)ABC", "abc", true},
                      PatternCase{R"(layers\.(1?\d)\..*)", "layers.19.x", true},
                      PatternCase{R"(layers\.(1?\d)\..*)", "layers.20.x", false},
                      PatternCase{"(?<!k)_proj", "_proj", true},
                      PatternCase{".*(?<!k)_proj", "k_proj", false},
                      PatternCase{"(?!lm).*", "lm_head", false}, PatternCase{"[^.]+", "a.b", false},
                      PatternCase{"a{2,3}", "aaa", true}));

TEST(ModulePatternTest, AnEndlessMatchIsAnError) {
  const ModulePattern pattern = ModulePattern::whole_name("(a|aa)+b", "adapter.targets");
  EXPECT_THAT(
      [&] { static_cast<void>(pattern.matches(std::string(60, 'a'))); },
      ThrowsMessage<UserError>(HasSubstr("adapter.targets: the regular expression takes too "
                                         "many steps")));
}

}  // namespace
}  // namespace temper::model
