// Packed causal attention with shared key-value heads against the formula in double; the backward
// against finite differences.

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "trainer/model/kernels.h"

namespace temper::model {
namespace {

constexpr HeadLayout kHeads{4, 2, 3};
constexpr std::int64_t kQ = 12;
constexpr std::int64_t kKv = 6;
const std::vector<std::int32_t> kOffsets = {0, 1, 6, 10};

struct Input {
  std::vector<double> q, k, v;
};

std::vector<double> formula(const Input& in) {
  std::vector<double> out(static_cast<std::size_t>(kOffsets.back() * kQ));
  for (std::size_t s = 0; s + 1 < kOffsets.size(); ++s) {
    for (std::int64_t t = kOffsets[s]; t < kOffsets[s + 1]; ++t) {
      for (std::int64_t head = 0; head < kHeads.num_heads; ++head) {
        const std::int64_t shared = head / 2;
        std::vector<double> weight;
        double total = 0;
        for (std::int64_t u = kOffsets[s]; u <= t; ++u) {
          double dot = 0;
          for (std::int64_t d = 0; d < 3; ++d) {
            dot += in.q[static_cast<std::size_t>(t * kQ + head * 3 + d)] *
                   in.k[static_cast<std::size_t>(u * kKv + shared * 3 + d)];
          }
          weight.push_back(std::exp(dot / std::sqrt(3.0)));
          total += weight.back();
        }
        for (std::int64_t u = kOffsets[s]; u <= t; ++u) {
          for (std::int64_t d = 0; d < 3; ++d) {
            out[static_cast<std::size_t>(t * kQ + head * 3 + d)] +=
                weight[static_cast<std::size_t>(u - kOffsets[s])] / total *
                in.v[static_cast<std::size_t>(u * kKv + shared * 3 + d)];
          }
        }
      }
    }
  }
  return out;
}

TEST(AttentionTest, EqualsTheFormulaForwardAndBackward) {
  on_slot_worker_thread();
  const auto kernels = make_cpu_kernels();
  const std::int64_t tokens = kOffsets.back();
  std::mt19937 generator(11);
  std::normal_distribution<double> normal;
  const auto draw = [&](std::int64_t size) {
    std::vector<double> values(static_cast<std::size_t>(size));
    for (double& value : values) {
      value = static_cast<double>(static_cast<float>(normal(generator)));
    }
    return values;
  };
  Input in{draw(tokens * kQ), draw(tokens * kKv), draw(tokens * kKv)};
  const std::vector<double> grad_out = draw(tokens * kQ);

  // q, k and v side by side, as the block keeps them.
  const std::int64_t width = kQ + 2 * kKv;
  std::vector<float> qkv(static_cast<std::size_t>(tokens * width));
  for (std::int64_t t = 0; t < tokens; ++t) {
    for (std::int64_t i = 0; i < kQ; ++i) {
      qkv[static_cast<std::size_t>(t * width + i)] =
          static_cast<float>(in.q[static_cast<std::size_t>(t * kQ + i)]);
    }
    for (std::int64_t i = 0; i < kKv; ++i) {
      qkv[static_cast<std::size_t>(t * width + kQ + i)] =
          static_cast<float>(in.k[static_cast<std::size_t>(t * kKv + i)]);
      qkv[static_cast<std::size_t>(t * width + kQ + kKv + i)] =
          static_cast<float>(in.v[static_cast<std::size_t>(t * kKv + i)]);
    }
  }
  const ConstMatrix all = matrix(static_cast<const float*>(qkv.data()), tokens, width);
  std::vector<float> out(static_cast<std::size_t>(tokens * kQ));
  std::vector<float> log_sum_exp(static_cast<std::size_t>(tokens * kHeads.num_heads));
  const Matrix out_matrix = matrix(out.data(), tokens, kQ);
  kernels->attention(all.columns_from(0, kQ), all.columns_from(kQ, kKv),
                     all.columns_from(kQ + kKv, kKv), kHeads, kOffsets, out_matrix,
                     log_sum_exp.data());
  const std::vector<double> expected = formula(in);
  for (std::size_t i = 0; i < out.size(); ++i) {
    EXPECT_NEAR(out[i], expected[i], 1e-5);
  }

  std::vector<float> grad_out_float(grad_out.begin(), grad_out.end());
  std::vector<float> grad(qkv.size());
  const Matrix grad_all = matrix(grad.data(), tokens, width);
  kernels->attention_backward(matrix(static_cast<const float*>(grad_out_float.data()), tokens, kQ),
                              all.columns_from(0, kQ), all.columns_from(kQ, kKv),
                              all.columns_from(kQ + kKv, kKv), out_matrix, log_sum_exp.data(),
                              kHeads, kOffsets,
                              {grad_all.columns_from(0, kQ), grad_all.columns_from(kQ, kKv),
                               grad_all.columns_from(kQ + kKv, kKv)});
  const auto check = [&](std::vector<double>& values, std::int64_t columns, std::int64_t begin) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double x = values[i];
      const auto loss = [&](double shift) {
        values[i] = x + shift;
        const std::vector<double> y = formula(in);
        values[i] = x;
        double total = 0;
        for (std::size_t j = 0; j < y.size(); ++j) {
          total += y[j] * grad_out[j];
        }
        return total;
      };
      const auto t = static_cast<std::int64_t>(i) / columns;
      const auto column = static_cast<std::int64_t>(i) % columns;
      EXPECT_NEAR(grad[static_cast<std::size_t>(t * width + begin + column)],
                  (loss(1e-5) - loss(-1e-5)) / 2e-5, 1e-4);
    }
  };
  check(in.q, kQ, 0);
  check(in.k, kKv, kQ);
  check(in.v, kKv, kQ + kKv);
}

}  // namespace
}  // namespace temper::model
