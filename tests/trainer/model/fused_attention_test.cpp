// The way from Kernels::attention() to LibTorch's kernels for GPUs and back, with gpu_attention.h
// in their place, against the composition.

#include "trainer/model/fused_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/support/seed.h"
#include "tests/trainer/model/gpu_attention.h"
#include "tests/trainer/model/reference_case.h"
#include "trainer/model/activations.h"
#include "trainer/model/llama.h"

namespace temper::model {
namespace {

using testing::GpuAttention;
using Values = std::vector<float>;

class FusedAttentionTest : public ::testing::Test {
 protected:
  FusedAttentionTest() : random_(testing::test_seed()) { on_slot_worker_thread(); }

  Values values(std::int64_t size) {
    std::normal_distribution<float> normal;
    Values result(static_cast<std::size_t>(size));
    std::generate(result.begin(), result.end(), [&] { return normal(random_); });
    return result;
  }

  /// `values` as activations of the kernels.
  static Matrix stored(const Kernels& kernels, const Values& values, std::int64_t columns,
                       std::vector<FloatBuffer>& buffers) {
    const auto rows = static_cast<std::int64_t>(values.size()) / columns;
    const Matrix result = activations_in(buffers.emplace_back(), kernels, rows, columns);
    clear(kernels, result);
    kernels.add(matrix(values.data(), rows, columns), result);
    return result;
  }

  /// Output and gradients of q, k and v, which lie side by side as in a block.
  static std::vector<Values> compute(const Kernels& kernels, HeadLayout heads,
                                     SequenceOffsets offsets, const Values& qkv,
                                     const Values& grad) {
    std::vector<FloatBuffer> buffers;
    const std::int64_t q = heads.num_heads * heads.head_size;
    const std::int64_t kv = heads.num_kv_heads * heads.head_size;
    const auto tokens = static_cast<std::int64_t>(offsets.back());
    const Matrix all = stored(kernels, qkv, q + 2 * kv, buffers);
    const Matrix all_gradients = stored(kernels, qkv, q + 2 * kv, buffers);
    const Matrix out = stored(kernels, grad, q, buffers);
    Values log_sum_exp(static_cast<std::size_t>(tokens * heads.num_heads));
    kernels.attention(all.columns_from(0, q), all.columns_from(q, kv), all.columns_from(q + kv, kv),
                      heads, offsets, out, log_sum_exp.data());
    kernels.attention_backward(stored(kernels, grad, q, buffers), all.columns_from(0, q),
                               all.columns_from(q, kv), all.columns_from(q + kv, kv), out,
                               log_sum_exp.data(), heads, offsets,
                               {all_gradients.columns_from(0, q), all_gradients.columns_from(q, kv),
                                all_gradients.columns_from(q + kv, kv)});
    return {downloaded(kernels, out), log_sum_exp, downloaded(kernels, all_gradients)};
  }

  void expect_composition(const AtenSettings& settings, HeadLayout heads, SequenceOffsets offsets,
                          double tolerance) {
    const std::int64_t columns = (heads.num_heads + 2 * heads.num_kv_heads) * heads.head_size;
    const Values qkv = values(offsets.back() * columns);
    const Values grad = values(offsets.back() * heads.num_heads * heads.head_size);
    const auto fused = make_aten_kernels(settings);
    const auto composed = make_aten_kernels({.numbers = settings.numbers});
    const auto actual = compute(*fused, heads, offsets, qkv, grad);
    const auto expected = compute(*composed, heads, offsets, qkv, grad);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_LT(testing::relative_difference(actual[i], expected[i]), tolerance)
          << heads.num_heads << " heads of " << heads.head_size << ", window " << heads.window
          << ", output " << i;
    }
  }

  std::mt19937_64 random_;
};

const std::vector<HeadLayout> kLayouts = {{4, 4, 8, 0},  {6, 2, 16, 0}, {4, 1, 8, 7},
                                          {3, 1, 12, 0}, {2, 1, 20, 3}, {2, 2, 64, 40}};
const std::vector<std::vector<std::int32_t>> kSequences = {
    {0, 33}, {0, 1, 2, 3}, {0, 1, 65, 70, 300}, {0, 32, 64}};

TEST_F(FusedAttentionTest, EfficientIsTheCompositionInFp32) {
  const int before = GpuAttention::efficient_calls();
  for (const HeadLayout heads : kLayouts) {
    for (const auto& offsets : kSequences) {
      expect_composition({.attention = AttentionMethod::kEfficient}, heads, offsets, 1e-5);
    }
  }
  EXPECT_EQ(GpuAttention::efficient_calls() - before,
            static_cast<int>(2 * kLayouts.size() * kSequences.size()));
}

// The composition rounds scores to bf16, as Transformers' eager attention; flash attention does
// not.
TEST_F(FusedAttentionTest, FlashIsNearTheCompositionInBf16) {
  const int before = GpuAttention::flash_calls();
  for (const HeadLayout heads : kLayouts) {
    for (const auto& offsets : kSequences) {
      expect_composition({.numbers = Numbers::kBFloat16, .attention = AttentionMethod::kFlash},
                         heads, offsets, 3e-2);
    }
  }
  EXPECT_EQ(GpuAttention::flash_calls() - before,
            static_cast<int>(2 * kLayouts.size() * kSequences.size()));
}

TEST_F(FusedAttentionTest, HeadsThatTheKernelsDoNotTakeAreComposed) {
  const std::vector<std::int32_t> offsets = {0, 3};
  const AtenSettings flash{.numbers = Numbers::kBFloat16, .attention = AttentionMethod::kFlash};
  const AtenSettings efficient{.attention = AttentionMethod::kEfficient};
  const int before = GpuAttention::flash_calls() + GpuAttention::efficient_calls();
  for (const std::int64_t size : {200, 264}) {
    expect_composition(flash, {1, 1, size, 0}, offsets, 1e-12);
  }
  expect_composition(efficient, {2, 1, 5, 0}, offsets, 1e-12);
  EXPECT_EQ(GpuAttention::flash_calls() + GpuAttention::efficient_calls(), before);
  expect_composition(flash, {1, 1, 5, 0}, offsets, 3e-2);
  expect_composition(flash, {1, 1, 256, 0}, offsets, 3e-2);
  expect_composition(efficient, {1, 1, 300, 0}, offsets, 1e-5);
  EXPECT_EQ(GpuAttention::flash_calls() + GpuAttention::efficient_calls(), before + 6);
}

TEST_F(FusedAttentionTest, EachGpuHasItsKernels) {
  EXPECT_EQ(attention_method(Numbers::kFloat32, 7), AttentionMethod::kEfficient);
  EXPECT_EQ(attention_method(Numbers::kFloat32, 9), AttentionMethod::kEfficient);
  EXPECT_EQ(attention_method(Numbers::kTensorFloat32, 9), AttentionMethod::kEfficient);
  EXPECT_EQ(attention_method(Numbers::kBFloat16, 7), AttentionMethod::kComposed);
  EXPECT_EQ(attention_method(Numbers::kBFloat16, 8), AttentionMethod::kFlash);
  EXPECT_EQ(attention_method(Numbers::kBFloat16, 10), AttentionMethod::kFlash);
}

/// The whole model with GPUs' attention against PEFT.
class FusedModelTest : public ::testing::TestWithParam<std::string> {};

TEST_P(FusedModelTest, TrainsAsPeft) {
  on_slot_worker_thread();
  const testing::ReferenceCase reference(GetParam());
  const auto difference = [&](const AtenSettings& settings) {
    const auto kernels = make_aten_kernels(settings);
    const auto model = LlamaModel::with_lora(reference.base(), reference.targets(), 0, 128, {},
                                             kernels->placement());
    const FloatBuffer parameters = reference.lora_values("lora.weight.", model->layout());
    FloatBuffer gradient = FloatBuffer::zeros(model->layout().size());
    SlotWorkspace workspace;
    model->loss_and_gradient(*kernels, reference.pack({0, 1, 2}), parameters.data(),
                             gradient.data(), {}, workspace);
    return testing::relative_difference(
        gradient.span(), reference.lora_values("lora.gradient.", model->layout()).span());
  };
  EXPECT_LT(difference({.attention = AttentionMethod::kEfficient}), 1e-5);
  EXPECT_LT(difference({.numbers = Numbers::kBFloat16, .attention = AttentionMethod::kFlash}),
            5e-2);
}

INSTANTIATE_TEST_SUITE_P(Cases, FusedModelTest,
                         ::testing::ValuesIn(testing::ReferenceCase::names()),
                         testing::name_of_case);

}  // namespace
}  // namespace temper::model
