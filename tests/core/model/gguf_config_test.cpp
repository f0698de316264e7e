#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/base_model.h"
#include "tests/core/model/tiny_models.h"
#include "tests/support/temporary_directory.h"

namespace temper::model {
namespace {

using testing::GgufImage;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;
using ::testing::ThrowsMessage;
using testing::tiny_config;
using testing::tiny_gguf;

ModelConfig config_of(const GgufImage& image) {
  const TemporaryDirectory folder;
  testing::write_file(folder / "m.gguf", image.build());
  return BaseModel::open(folder / "m.gguf")->config();
}

TEST(GgufConfigTest, ReadsTheSizes) {
  const ModelConfig config = config_of(tiny_gguf(tiny_config()).u32("llama.vocab_size", 6));
  EXPECT_EQ(config.architecture, "llama");
  EXPECT_EQ(config.vocabulary_size, 6);
  EXPECT_EQ(config.hidden_size, 8);
  EXPECT_EQ(config.intermediate_size, 12);
  EXPECT_EQ(config.num_layers, 2);
  EXPECT_EQ(config.num_heads, 2);
  EXPECT_EQ(config.num_kv_heads, 1);
  EXPECT_EQ(config.head_size, 4);
  EXPECT_EQ(config.context_length, 64);
  EXPECT_EQ(config.rms_norm_epsilon, static_cast<double>(1e-5F));
  EXPECT_EQ(config.rope.theta, 10000.0);
  EXPECT_EQ(config.rope.scaling, RopeScaling::kNone);
}

TEST(GgufConfigTest, TokenIdsAreHandedOn) {
  const ModelConfig config = config_of(tiny_gguf(tiny_config())
                                           .u32("tokenizer.ggml.bos_token_id", 1)
                                           .u32("tokenizer.ggml.eos_token_id", 2));
  EXPECT_EQ(config.token_ids.bos, 1);
  EXPECT_EQ(config.token_ids.eos, (std::vector<std::int64_t>{2}));
  EXPECT_EQ(config.token_ids.pad, std::nullopt);
}

TEST(GgufConfigTest, ReadsLinearScalingInBothSpellings) {
  const ModelConfig now = config_of(tiny_gguf(tiny_config())
                                        .text("llama.rope.scaling.type", "linear")
                                        .f32("llama.rope.scaling.factor", 4));
  EXPECT_EQ(now.rope.scaling, RopeScaling::kLinear);
  EXPECT_EQ(now.rope.factor, 4);
  const ModelConfig old = config_of(tiny_gguf(tiny_config()).f32("llama.rope.scale_linear", 2));
  EXPECT_EQ(old.rope.scaling, RopeScaling::kLinear);
  EXPECT_EQ(old.rope.factor, 2);
}

// Of a head of 4 with theta 10,000 the two wavelengths are 6.28 and 628 tokens. Trained on 8,192
// tokens, the first is far below 8192 / 4, the second too: both factors are 1. With theta 1e9 the
// second is 198,692, beyond 8192: its factor is the whole one.
GgufImage gguf_with_frequencies(const std::vector<float>& factors) {
  ModelConfig config = tiny_config();
  config.rope.theta = 1e9;
  return tiny_gguf(config).floats("rope_freqs.weight", {factors.size()}, factors);
}

TEST(GgufConfigTest, ATableOfFrequenciesIsLlama3Scaling) {
  const ModelConfig config = config_of(gguf_with_frequencies({1, 32}));
  EXPECT_EQ(config.rope.scaling, RopeScaling::kLlama3);
  EXPECT_EQ(config.rope.factor, 32);
  EXPECT_EQ(config.rope.low_frequency_factor, 1);
  EXPECT_EQ(config.rope.high_frequency_factor, 4);
  EXPECT_EQ(config.rope.original_context_length, 8192);
}

TEST(GgufConfigTest, AnyOtherTableIsRefused) {
  for (const std::vector<float>& factors :
       {std::vector<float>{2, 32}, {1, 32, 32}, {32}, {1, 0.5F}}) {
    EXPECT_THAT([&] { config_of(gguf_with_frequencies(factors)); },
                ThrowsMessage<UserError>(HasSubstr("rope_freqs.weight")));
  }
}

struct RefusedCase {
  const char* name;
  GgufImage image;
  const char* message;
};

class GgufConfigRefusesTest : public ::testing::TestWithParam<RefusedCase> {};

TEST_P(GgufConfigRefusesTest, WithTheKeyAndTheValue) {
  EXPECT_THAT([] { config_of(GetParam().image); },
              ThrowsMessage<UserError>(HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Files, GgufConfigRefusesTest,
    ::testing::Values(
        RefusedCase{"OtherArchitecture", GgufImage().text("general.architecture", "qwen2"),
                    "'qwen2' is not supported"},
        RefusedCase{"NoArchitecture", GgufImage(), "'(missing)' is not supported"},
        RefusedCase{"NoEmbedding", GgufImage().text("general.architecture", "llama"),
                    "token_embd.weight is missing"},
        RefusedCase{"MissingKey",
                    GgufImage()
                        .text("general.architecture", "llama")
                        .floats("token_embd.weight", {1, 1}, {0}),
                    "llama.embedding_length: the key is missing"},
        RefusedCase{"Experts", tiny_gguf(tiny_config()).u32("llama.expert_count", 8),
                    "mixtures of experts"},
        RefusedCase{"Yarn", tiny_gguf(tiny_config()).text("llama.rope.scaling.type", "yarn"),
                    "'yarn' is not supported"},
        RefusedCase{"PartOfAHead", tiny_gguf(tiny_config()).u32("llama.rope.dimension_count", 2),
                    "2 differs from the head size 4"},
        RefusedCase{"Window", tiny_gguf(tiny_config()).u32("llama.attention.sliding_window", 0),
                    "sliding_window: 0 must be above 0"},
        RefusedCase{"UnknownTensor",
                    tiny_gguf(tiny_config()).floats("blk.0.attn_q_norm.weight", {4}, {1, 1, 1, 1}),
                    "'blk.0.attn_q_norm.weight' [4] is no part of a plain Llama model"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace temper::model
