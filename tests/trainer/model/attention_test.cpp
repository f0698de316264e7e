// Packed causal attention with shared key-value heads, forward and backward, against the formula
// and its derivative in double: sequences shorter and longer than a tile and a block of keys, with
// and without a window.

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "trainer/model/kernels.h"

namespace temper::model {
namespace {

using Values = std::vector<double>;

struct AttentionCase {
  std::string name;
  HeadLayout heads;
  std::vector<std::int32_t> offsets;
};

/// Q, K, V side by side as a block keeps them, [T, width].
struct Sides {
  explicit Sides(HeadLayout heads)
      : q(heads.num_heads * heads.head_size), kv(heads.num_kv_heads * heads.head_size) {}
  std::int64_t width() const { return q + 2 * kv; }
  std::int64_t q, kv;
};

struct Expected {
  Values out;   // [T, q]
  Values grad;  // [T, width]
};

/// One query of one head: softmax of its scores, and what flows back.
void add_query(const AttentionCase& attention, const Values& qkv, const Values& grad_out,
               std::int64_t first, std::int64_t t, std::int64_t head, Expected& expected) {
  const Sides sides(attention.heads);
  const std::int64_t size = attention.heads.head_size;
  const std::int64_t shared = head / (attention.heads.num_heads / attention.heads.num_kv_heads);
  const std::int64_t window = attention.heads.window;
  const std::int64_t begin = window == 0 ? first : std::max(first, t - window + 1);
  const double scale = 1 / std::sqrt(static_cast<double>(size));
  const auto at = [&](std::int64_t token, std::int64_t column) {
    return static_cast<std::size_t>(token * sides.width() + column);
  };
  const std::int64_t q = head * size;
  const std::int64_t k = sides.q + shared * size;
  const std::int64_t v = sides.q + sides.kv + shared * size;
  const auto out = static_cast<std::size_t>(t * sides.q + q);
  Values p;
  double total = 0;
  for (std::int64_t u = begin; u <= t; ++u) {
    double score = 0;
    for (std::int64_t d = 0; d < size; ++d) {
      score += scale * qkv[at(t, q + d)] * qkv[at(u, k + d)];
    }
    p.push_back(std::exp(score));
    total += p.back();
  }
  Values grad_p(p.size());
  double mean = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const std::int64_t u = begin + static_cast<std::int64_t>(i);
    p[i] /= total;
    for (std::int64_t d = 0; d < size; ++d) {
      const double grad = grad_out[out + static_cast<std::size_t>(d)];
      expected.out[out + static_cast<std::size_t>(d)] += p[i] * qkv[at(u, v + d)];
      expected.grad[at(u, v + d)] += p[i] * grad;
      grad_p[i] += grad * qkv[at(u, v + d)];
    }
    mean += p[i] * grad_p[i];
  }
  for (std::size_t i = 0; i < p.size(); ++i) {
    const std::int64_t u = begin + static_cast<std::int64_t>(i);
    const double grad_score = scale * p[i] * (grad_p[i] - mean);
    for (std::int64_t d = 0; d < size; ++d) {
      expected.grad[at(t, q + d)] += grad_score * qkv[at(u, k + d)];
      expected.grad[at(u, k + d)] += grad_score * qkv[at(t, q + d)];
    }
  }
}

Expected formula(const AttentionCase& attention, const Values& qkv, const Values& grad_out) {
  Expected expected{Values(grad_out.size()), Values(qkv.size())};
  for (std::size_t s = 0; s + 1 < attention.offsets.size(); ++s) {
    for (std::int64_t t = attention.offsets[s]; t < attention.offsets[s + 1]; ++t) {
      for (std::int64_t head = 0; head < attention.heads.num_heads; ++head) {
        add_query(attention, qkv, grad_out, attention.offsets[s], t, head, expected);
      }
    }
  }
  return expected;
}

Values draw(std::int64_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  Values values(static_cast<std::size_t>(size));
  for (double& value : values) {
    value = static_cast<double>(normal(generator));
  }
  return values;
}

class AttentionTest : public ::testing::TestWithParam<AttentionCase> {};

TEST_P(AttentionTest, EqualsTheFormulaForwardAndBackward) {
  on_slot_worker_thread();
  const auto kernels = make_cpu_kernels();
  const AttentionCase& attention = GetParam();
  const Sides sides(attention.heads);
  const std::int64_t tokens = attention.offsets.back();
  const Values qkv = draw(tokens * sides.width(), 11);
  const Values grad_out = draw(tokens * sides.q, 12);
  const Expected expected = formula(attention, qkv, grad_out);

  const std::vector<float> input(qkv.begin(), qkv.end());
  const std::vector<float> grad_input(grad_out.begin(), grad_out.end());
  const ConstMatrix all = matrix(input.data(), tokens, sides.width());
  const ConstMatrix q = all.columns_from(0, sides.q);
  const ConstMatrix k = all.columns_from(sides.q, sides.kv);
  const ConstMatrix v = all.columns_from(sides.q + sides.kv, sides.kv);
  std::vector<float> out(static_cast<std::size_t>(tokens * sides.q), NAN);
  std::vector<float> statistics(static_cast<std::size_t>(tokens * attention.heads.num_heads), NAN);
  const Matrix out_matrix = matrix(out.data(), tokens, sides.q);
  kernels->attention(q, k, v, attention.heads, attention.offsets, out_matrix, statistics.data());
  for (std::size_t i = 0; i < out.size(); ++i) {
    ASSERT_NEAR(out[i], expected.out[i], 1e-5) << "element " << i;
  }

  std::vector<float> grad(input.size(), NAN);
  const Matrix grad_all = matrix(grad.data(), tokens, sides.width());
  kernels->attention_backward(
      matrix(grad_input.data(), tokens, sides.q), q, k, v, out_matrix, statistics.data(),
      attention.heads, attention.offsets,
      {grad_all.columns_from(0, sides.q), grad_all.columns_from(sides.q, sides.kv),
       grad_all.columns_from(sides.q + sides.kv, sides.kv)});
  for (std::size_t i = 0; i < grad.size(); ++i) {
    ASSERT_NEAR(grad[i], expected.grad[i], 1e-4) << "element " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, AttentionTest,
    ::testing::Values(AttentionCase{"Short", {4, 2, 3}, {0, 1, 6, 10}},
                      AttentionCase{"ManyTiles", {6, 2, 8}, {0, 43, 44, 200}},
                      AttentionCase{"ManyBlocksOfKeys", {2, 1, 4}, {0, 3, 700}},
                      AttentionCase{"OneHeadEach", {3, 3, 5}, {0, 300}},
                      AttentionCase{"OneQuery", {1, 1, 4}, {0, 1, 130}},
                      AttentionCase{"ShortWindow", {4, 2, 4, 5}, {0, 2, 90}},
                      AttentionCase{"WindowOverBlocks", {2, 1, 4, 300}, {0, 700}},
                      AttentionCase{"WindowOfOne", {2, 2, 4, 1}, {0, 40}},
                      AttentionCase{"Segments", {4, 2, 4}, {0, 30, 1130}},
                      AttentionCase{"SegmentsOfAWindow", {2, 1, 4, 90}, {0, 1027}}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace temper::model
