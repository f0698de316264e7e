#include "core/model/memory_estimate.h"

#include <gtest/gtest.h>

#include "tests/core/model/tiny_models.h"

namespace temper::model {
namespace {

// SmolLM2-135M, whose numbers of parameters are known.
ModelConfig smollm2() {
  ModelConfig config;
  config.vocabulary_size = 49152;
  config.hidden_size = 576;
  config.intermediate_size = 1536;
  config.num_layers = 30;
  config.num_heads = 9;
  config.num_kv_heads = 3;
  config.head_size = 64;
  config.context_length = 8192;
  config.tied_embeddings = true;
  return config;
}

TEST(MemoryEstimateTest, CountsTheParametersOfARealModel) {
  recipe::Recipe recipe;
  recipe.adapter.rank = 16;
  const MemoryEstimate estimate = estimate_memory(smollm2(), recipe, {.slot_workers = 2});
  EXPECT_EQ(estimate.trained_parameters, 4884480);  // as PEFT prints for r=16, all-linear
  EXPECT_EQ(estimate.total_parameters, 134515008 + 4884480);
  EXPECT_EQ(estimate.weight_bytes, 4U * (134515008 + 4884480));
  EXPECT_EQ(estimate.moment_bytes, 8U * 4884480);
  EXPECT_EQ(estimate.checkpoint_bytes, 12U * 4884480);
  EXPECT_EQ(estimate.snapshot_bytes, 12U * 4884480);
  EXPECT_EQ(estimate.gradient_bytes, 4U * 4884480 * (4 + 2));  // 16 slots: four levels
}

TEST(MemoryEstimateTest, EightBitMomentsTakeACodeANumberAndAScaleABlock) {
  recipe::Recipe recipe;
  recipe.adapter.type = recipe::AdapterType::kNone;
  recipe.optimizer.moments = recipe::MomentFormat::k8bit;
  const MemoryEstimate estimate = estimate_memory(smollm2(), recipe, {.slot_workers = 2});
  constexpr std::uint64_t kEmbedding = 49152U * 576;
  constexpr std::uint64_t kNorms = 61U * 576;
  constexpr std::uint64_t kRest = 134515008 - kEmbedding - kNorms;  // of matrices, whole blocks
  EXPECT_EQ(estimate.moment_bytes, 8 * (kEmbedding + kNorms) + 2 * (kRest + 4 * (kRest / 256)));
  EXPECT_EQ(estimate.checkpoint_bytes, 4U * 134515008 + estimate.moment_bytes);
}

TEST(MemoryEstimateTest, RanksShareTheSnapshotOfACheckpoint) {
  const MemoryEstimate estimate =
      estimate_memory(smollm2(), {}, {.slot_workers = 2, .slot_tokens = 0, .num_ranks = 3});
  EXPECT_EQ(estimate.snapshot_bytes, estimate.checkpoint_bytes / 3);
}

TEST(MemoryEstimateTest, RanksShareTheMomentsWhenAllWeightsAreTrained) {
  recipe::Recipe recipe;
  recipe.adapter.type = recipe::AdapterType::kNone;
  const auto on = [&](std::int64_t ranks) {
    return estimate_memory(smollm2(), recipe, {.slot_workers = 2, .num_ranks = ranks});
  };
  constexpr std::uint64_t kAll = 134515008;
  constexpr std::uint64_t kEmbedding = 49152U * 576;  // a tensor is never cut
  EXPECT_EQ(on(1).moment_bytes, 8 * kAll);
  EXPECT_EQ(on(1).gradient_bytes, 4 * kAll * (4 + 2));
  EXPECT_LT(on(2).moment_bytes, 8 * kAll * 51 / 100);
  EXPECT_LT(on(4).moment_bytes, 8 * kAll * 26 / 100);
  EXPECT_EQ(on(16).moment_bytes, 8 * kEmbedding);
  EXPECT_EQ(on(4).gradient_bytes, 4 * kAll * (4 + 2 + 1)) << "and what peers send";
  EXPECT_EQ(on(4).checkpoint_bytes, on(1).checkpoint_bytes);
  recipe.adapter.type = recipe::AdapterType::kLora;
  EXPECT_EQ(on(4).moment_bytes, on(1).moment_bytes) << "an adapter is not shared";
  EXPECT_EQ(on(4).gradient_bytes, on(1).gradient_bytes / (4 + 2) * (4 + 2 + 2));
}

TEST(MemoryEstimateTest, TrainingAllWeightsHasNoAdapter) {
  recipe::Recipe recipe;
  recipe.adapter.type = recipe::AdapterType::kNone;
  recipe.adapter.targets = std::string("not looked at");
  recipe.batch.slots = 1;
  const MemoryEstimate estimate = estimate_memory(smollm2(), recipe, {.slot_workers = 1});
  EXPECT_EQ(estimate.trained_parameters, 134515008);
  EXPECT_EQ(estimate.total_parameters, 134515008);
  EXPECT_EQ(estimate.gradient_bytes, 4U * 134515008);
}

TEST(MemoryEstimateTest, ActivationsFollowTheFormula) {
  recipe::Recipe recipe;
  recipe.adapter.type = recipe::AdapterType::kNone;
  const ModelConfig config = testing::tiny_config();
  const auto bytes = [&](std::int64_t workers, std::int64_t tokens) {
    return estimate_memory(config, recipe, {workers, tokens}).activation_bytes;
  };
  // hidden 8, q 8, kv 4, intermediate 12, heads 2, layers 2; 256 rows of 6 logits.
  const std::uint64_t kept = 2 * (16 + 8 + 8 + 8 + 24 + 2 + 2);
  const std::uint64_t scratch_and_loss = 32 + 16 + 8 + 24 + 24;
  EXPECT_EQ(bytes(1, 0), 4U * 256 * 6);
  EXPECT_EQ(bytes(1, 10), 4U * (256 * 6 + 10 * (kept + scratch_and_loss)));
  EXPECT_EQ(bytes(3, 10), 3 * bytes(1, 10));
  recipe.memory = recipe::Memory::kFast;
  EXPECT_EQ(bytes(1, 10), 4U * (256 * 6 + 10 * (kept + 2 * (16 + 12) + scratch_and_loss)));
  recipe.memory = recipe::Memory::kLow;  // one of two layers, and room to compute it again
  EXPECT_EQ(bytes(1, 10), 4U * (256 * 6 + 10 * (kept - 24 + 24 + scratch_and_loss)));
  const MemoryEstimate estimate = estimate_memory(config, recipe, {1, 10});
  EXPECT_EQ(estimate.total_bytes(), estimate.weight_bytes + estimate.gradient_bytes +
                                        estimate.moment_bytes + estimate.activation_bytes +
                                        estimate.program_bytes + estimate.snapshot_bytes);
}

TEST(MemoryEstimateTest, ASlotHoldsItsShareOfSamplesRoundedUp) {
  recipe::Recipe recipe;
  recipe.batch.samples = 17;
  recipe.batch.slots = 8;
  recipe.data.max_length = 100;
  EXPECT_EQ(most_slot_tokens(recipe), 300);
}

}  // namespace
}  // namespace temper::model
