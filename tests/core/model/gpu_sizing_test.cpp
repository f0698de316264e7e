#include "core/model/gpu_sizing.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/core/model/tiny_models.h"

namespace temper::model {
namespace {

constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;

// Llama 3.1 8B: 8,030,261,248 parameters.
ModelConfig llama_8b() {
  ModelConfig config;
  config.vocabulary_size = 128256;
  config.hidden_size = 4096;
  config.intermediate_size = 14336;
  config.num_layers = 32;
  config.num_heads = 32;
  config.num_kv_heads = 8;
  config.head_size = 128;
  config.context_length = 131072;
  return config;
}

recipe::Recipe lora() {
  recipe::Recipe recipe;
  recipe.adapter.rank = 16;
  recipe.batch.samples = 16;
  recipe.batch.slots = 16;
  return recipe;
}

recipe::Recipe full() {
  recipe::Recipe recipe = lora();
  recipe.adapter.type = recipe::AdapterType::kNone;
  return recipe;
}

std::map<std::string_view, GpuFit> fits_by_name(const recipe::Recipe& recipe, const GpuLoad& load) {
  std::map<std::string_view, GpuFit> fits;
  for (const GpuFit& fit : fit_gpus(llama_8b(), recipe, load)) {
    fits[fit.gpu.name] = fit;
  }
  return fits;
}

TEST(GpuSizingTest, LoraKeepsTheBaseInBf16) {
  constexpr std::uint64_t kTrained = 41'943'040;  // as PEFT prints for r=16, all-linear
  recipe::Recipe recipe = lora();
  const GpuMemory memory = estimate_gpu_memory(llama_8b(), recipe, {.slot_tokens = 2048});
  EXPECT_EQ(memory.weight_bytes, 2 * 8'030'261'248U);
  EXPECT_EQ(memory.trained_bytes, 4 * kTrained);
  EXPECT_EQ(memory.gradient_bytes, 2 * 4 * kTrained) << "one is computed, one copied down";
  EXPECT_EQ(memory.host_bytes, 4 * kTrained * (1 + 4 + 1 + 2));  // 16 slots: four levels
  EXPECT_EQ(memory.communication_bytes, 0U) << "one rank talks to nobody";
  EXPECT_EQ(memory.context_bytes, 768U << 20);
  recipe.model.dtype = recipe::DataType::kFp32;
  EXPECT_EQ(estimate_gpu_memory(llama_8b(), recipe, {}).weight_bytes, 4 * 8'030'261'248U);
}

// By hand: hidden 8, q 8, kv 4, intermediate 12, heads 2, two layers; 256 rows of 6 logits.
TEST(GpuSizingTest, ActivationsAreBf16ButForTheStatistics) {
  const ModelConfig config = testing::tiny_config();
  const std::uint64_t kept = 2 * (16 + 8 + 8 + 8 + 24);
  const std::uint64_t statistics = 2 * (2 + 2);
  const std::uint64_t scratch_and_loss = 32 + 16 + 8 + 24 + 24;
  const auto bytes = [&](recipe::DataType type) {
    recipe::Recipe recipe = full();
    recipe.model.dtype = type;
    return estimate_gpu_memory(config, recipe, {.slot_tokens = 10}).activation_bytes;
  };
  const std::uint64_t numbers = 10 * (kept + scratch_and_loss) + 256 * 6;
  EXPECT_EQ(bytes(recipe::DataType::kAuto), 2 * numbers + 4 * 10 * statistics);
  EXPECT_EQ(bytes(recipe::DataType::kFp32), 4 * numbers + 4 * 10 * statistics);
  EXPECT_EQ(bytes(recipe::DataType::kTf32), bytes(recipe::DataType::kFp32));
}

TEST(GpuSizingTest, TheWorkspaceIsThatOfTheLargestOperator) {
  const auto workspace = [](std::int64_t tokens, std::int64_t longest) {
    recipe::Recipe recipe = lora();
    recipe.data.max_length = longest;
    return estimate_gpu_memory(llama_8b(), recipe, {.slot_tokens = tokens}).workspace_bytes;
  };
  EXPECT_EQ(workspace(16, 16), 3U * 4 * 65 * 128256) << "logits";
  EXPECT_EQ(workspace(4096, 512), 24U * 4096 * 14336) << "SwiGLU";
  EXPECT_EQ(workspace(16384, 16384), 24ULL * 16384 * 14336)
      << "SwiGLU again: attention is linear, too";
  ModelConfig wide = llama_8b();
  wide.num_heads = 128;
  recipe::Recipe recipe = lora();
  recipe.data.max_length = 4096;
  EXPECT_EQ(estimate_gpu_memory(wide, recipe, {.slot_tokens = 4096}).workspace_bytes,
            4ULL * (2 + 6) * 4096 * 128 * 128)
      << "attention";
}

TEST(GpuSizingTest, TheWorkspaceHoldsRoundedWeightsAndDroppedInputs) {
  const auto workspace = [](const recipe::Recipe& recipe) {
    return estimate_gpu_memory(llama_8b(), recipe, {.slot_tokens = 16}).workspace_bytes;
  };
  recipe::Recipe in_fp32 = full();
  in_fp32.model.dtype = recipe::DataType::kFp32;
  EXPECT_EQ(workspace(full()) - workspace(in_fp32), 2U * 128256 * 4096) << "the head in bf16";
  recipe::Recipe in_tf32 = full();
  in_tf32.model.dtype = recipe::DataType::kTf32;
  EXPECT_EQ(workspace(in_tf32), workspace(in_fp32));
  recipe::Recipe with_dropout = lora();
  with_dropout.adapter.dropout = 0.1;
  EXPECT_EQ(workspace(with_dropout) - workspace(lora()), 4U * 16 * 14336);
}

TEST(GpuSizingTest, AFullTrainingKeepsMastersAndMomentsInTheMachinesMemory) {
  constexpr std::uint64_t kAll = 8'030'261'248;
  const GpuMemory alone = estimate_gpu_memory(llama_8b(), full(), {.num_ranks = 1});
  const GpuMemory of_eight = estimate_gpu_memory(llama_8b(), full(), {.num_ranks = 8});
  EXPECT_EQ(alone.weight_bytes, 0U);
  EXPECT_EQ(alone.trained_bytes, 4 * kAll);
  EXPECT_EQ(alone.gradient_bytes, 4 * kAll);
  EXPECT_EQ(alone.host_bytes, 4 * kAll * (1 + 4 + 1 + 2));
  EXPECT_EQ(of_eight.trained_bytes, 4 * kAll);
  // The largest share of the moments is a little more than an eighth; peers send parts of sums.
  EXPECT_GE(of_eight.host_bytes, 4 * kAll * (1 + 4 + 1 + 1) + kAll);
  EXPECT_LE(of_eight.host_bytes, 4 * kAll * (1 + 4 + 1 + 1) + kAll * 110 / 100);
  EXPECT_EQ(of_eight.communication_bytes, 2 * (64U << 20));
}

TEST(GpuSizingTest, AnAdapterIsNotShared) {
  const GpuMemory alone = estimate_gpu_memory(llama_8b(), lora(), {.num_ranks = 1});
  const GpuMemory of_eight = estimate_gpu_memory(llama_8b(), lora(), {.num_ranks = 8});
  EXPECT_EQ(of_eight.trained_bytes, alone.trained_bytes);
  EXPECT_EQ(of_eight.host_bytes - alone.host_bytes, 2 * alone.trained_bytes)
      << "what peers send, and the whole sum";
}

// By hand: a layer has 4096 · (2 · 4096 + 2 · 1024 + 3 · 14336) = 218,103,808 linear weights, 32 of
// them and the head (525,336,576) make 7,504,658,432.
TEST(GpuSizingTest, FlopsFollowTheFormula) {
  const GpuLoad load{.sample_tokens = 1000, .trained_share = 1};
  const double attention = 7.0 * 32 * 4096 * 1000;
  EXPECT_DOUBLE_EQ(training_flops(llama_8b(), full(), load), 6 * 7'504'658'432.0 + attention);
  EXPECT_DOUBLE_EQ(training_flops(llama_8b(), lora(), load),
                   4 * 7'504'658'432.0 + 6 * 41'943'040.0 + attention);
  const GpuLoad half{.sample_tokens = 0, .trained_share = 0.5};
  EXPECT_DOUBLE_EQ(training_flops(llama_8b(), full(), half),
                   6 * (7'504'658'432.0 - 525'336'576.0 / 2));
}

TEST(GpuSizingTest, LowMemoryComputesEverySecondLayersGateAndUpAgain) {
  recipe::Recipe recipe = full();
  const double before = training_flops(llama_8b(), recipe, {});
  recipe.memory = recipe::Memory::kLow;
  EXPECT_DOUBLE_EQ(training_flops(llama_8b(), recipe, {}) - before, 16 * 2 * 4096.0 * 2 * 14336);
}

TEST(GpuSizingTest, CountsTheSlotsThatFit) {
  const GpuLoad load{.slot_tokens = 2048, .sample_tokens = 512};
  const GpuMemory memory = estimate_gpu_memory(llama_8b(), lora(), load);
  const auto fits = fits_by_name(lora(), load);
  ASSERT_EQ(fits.size(), 6U);
  for (const auto& [name, fit] : fits) {
    const double usable = 0.95 * static_cast<double>(fit.gpu.memory_bytes);
    const auto used = [&](std::int64_t slots) {
      return static_cast<double>(memory.fixed_bytes()) +
             static_cast<double>(slots) * static_cast<double>(memory.activation_bytes);
    };
    EXPECT_TRUE(fit.num_slots == 0 || used(fit.num_slots) <= usable) << name;
    EXPECT_GT(used(fit.num_slots + 1), usable) << name;
  }
  EXPECT_GE(fits.at("A100-80").num_slots, 4);
  EXPECT_EQ(fits_by_name(full(), load).at("H100").num_slots, 2) << "66 GB before any slot";
}

// docs/gpu.md compares more of them with the estimate.
TEST(GpuSizingTest, SpeedIsNearPublishedRuns) {
  // torchtitan, Llama 3.1 8B, all weights, 8,192 tokens, H100: 5,762 without and 6,667 with
  // torch.compile.
  const double h100 = fits_by_name(full(), {.slot_tokens = 8192, .sample_tokens = 8192})
                          .at("H100")
                          .tokens_per_second;
  EXPECT_NEAR(h100, 0.4 * 989e12 / (6 * 7'504'658'432.0 + 7.0 * 32 * 4096 * 8192), 1);
  EXPECT_GT(h100, 5762);
  EXPECT_LT(h100, 1.35 * 5762);
}

TEST(GpuSizingTest, MemoryOfTheGpusIsBelowTheirNames) {
  for (const GpuKind& gpu : common_gpus()) {
    EXPECT_GE(gpu.memory_bytes, 20 * kGibibyte) << gpu.name;
    EXPECT_GT(gpu.bf16_teraflops, 100) << gpu.name;
  }
}

}  // namespace
}  // namespace temper::model
