#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/base/error.h"
#include "core/export/lora_fold.h"
#include "core/export/lora_merge.h"
#include "tests/core/export/tiny_adapter.h"
#include "tests/support/temporary_directory.h"

namespace temper::exporting {
namespace {

std::vector<float> random_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) {
    value = normal(random);
  }
  return values;
}

// The sum of each element in the documented order, written down plainly.
TEST(LoraMergeTest, SumsOverTheRankInAscendingOrder) {
  constexpr std::size_t kRows = 7;
  constexpr std::size_t kRank = 5;
  constexpr std::size_t kColumns = 2500;  // three strips
  const std::vector<float> a = random_values(kRank * kColumns, 1);
  const std::vector<float> b = random_values(kRows * kRank, 2);
  const std::vector<float> base = random_values(kRows * kColumns, 3);
  std::vector<float> merged = base;
  add_lora_product(a, b, kRank, 0.3, merged);
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      float sum = 0;
      for (std::size_t r = 0; r < kRank; ++r) {
        volatile float product = b[row * kRank + r] * a[r * kColumns + column];
        sum = sum + product;
      }
      volatile float scaled = 0.3F * sum;
      const std::size_t i = row * kColumns + column;
      ASSERT_EQ(merged[i], base[i] + scaled) << row << " " << column;
    }
  }
}

// scaling · B·A of one module, in fp64.
std::vector<double> product(const model::LoraTarget& target, const std::vector<float>& a,
                            const std::vector<float>& b) {
  const auto rank = static_cast<std::size_t>(target.rank);
  const auto in = static_cast<std::size_t>(target.in_features);
  const auto out = static_cast<std::size_t>(target.out_features);
  std::vector<double> result(out * in);
  for (std::size_t row = 0; row < out; ++row) {
    for (std::size_t r = 0; r < rank; ++r) {
      for (std::size_t column = 0; column < in; ++column) {
        result[row * in + column] += target.scaling * static_cast<double>(b[row * rank + r]) *
                                     static_cast<double>(a[r * in + column]);
      }
    }
  }
  return result;
}

class LoraFoldTest : public ::testing::Test {
 protected:
  AdapterFolder folder_of(const recipe::Adapter& settings) {
    const TinyAdapter tiny(settings);
    export_adapter(root_ / "adapter", tiny.adapter);
    return {root_ / "adapter", tiny.adapter.config};
  }

  temper::testing::TemporaryDirectory root_;
};

TEST_F(LoraFoldTest, LeavesAPlainAdapterBitForBit) {
  const AdapterFolder folder = folder_of(all_linear_settings());
  FoldedAdapter folded = fold_scalings(folder);
  EXPECT_EQ(pad_ranks(folded), 4);
  EXPECT_EQ(folded.alpha, 8);
  for (std::size_t i = 0; i < folded.modules.size(); ++i) {
    EXPECT_EQ(folded.modules[i].a, read_float32(folder.modules()[i].a));
    EXPECT_EQ(folded.modules[i].b, read_float32(folder.modules()[i].b));
  }
}

TEST_F(LoraFoldTest, KeepsTheFunctionWithOneRankAndOneScaling) {
  recipe::Adapter settings = all_linear_settings();
  settings.rslora = true;
  settings.rank_pattern = {{"down_proj", 2}, {R"(layers\.0\.self_attn\.q_proj)", 9}};
  settings.alpha_pattern = {{"up_proj", 3.5}};
  const AdapterFolder folder = folder_of(settings);
  FoldedAdapter folded = fold_scalings(folder);
  EXPECT_EQ(pad_ranks(folded), 9);
  for (std::size_t i = 0; i < folded.modules.size(); ++i) {
    const FoldedModule& module = folded.modules[i];
    EXPECT_EQ(module.target.rank, 9);
    EXPECT_EQ(module.target.scaling, folded.alpha / 9);
    const AdapterFolder::Module& before = folder.modules()[i];
    const auto expected = product(before.target, read_float32(before.a), read_float32(before.b));
    const auto actual = product(module.target, module.a, module.b);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      ASSERT_NEAR(actual[k], expected[k], 1e-5) << module.target.module;
    }
  }
}

}  // namespace
}  // namespace temper::exporting
