// Kernels of ATen's operators against the loops, on random inputs: two implementations that share
// nothing but the formulas.

#include "trainer/model/aten_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include "tests/support/seed.h"
#include "tests/trainer/model/reference_case.h"

namespace temper::model {
namespace {

using Values = std::vector<float>;

class AtenKernelsTest : public ::testing::Test {
 protected:
  AtenKernelsTest() : random_(testing::test_seed()) { on_slot_worker_thread(); }

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  Values values(std::int64_t size, float scale = 1) {
    std::normal_distribution<float> normal(0, scale);
    Values result(static_cast<std::size_t>(size));
    std::generate(result.begin(), result.end(), [&] { return normal(random_); });
    return result;
  }
  /// Sequences of random lengths, at least one.
  std::vector<std::int32_t> offsets(std::int64_t longest) {
    std::vector<std::int32_t> result = {0};
    for (std::int64_t i = between(1, 4); i > 0; --i) {
      result.push_back(result.back() + static_cast<std::int32_t>(between(1, longest)));
    }
    return result;
  }

  /// Runs `compute` with either kernels on its own copy of `outputs` and compares what it wrote.
  void expect_same(const std::vector<Values>& outputs,
                   const std::function<void(const Kernels&, std::vector<Values>&)>& compute) {
    std::vector<Values> expected = outputs;
    std::vector<Values> actual = outputs;
    compute(*loops_, expected);
    compute(*aten_, actual);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      EXPECT_LT(testing::relative_difference(actual[i], expected[i]), 1e-5) << "output " << i;
    }
  }

  std::mt19937_64 random_;
  std::unique_ptr<Kernels> loops_ = make_cpu_kernels();
  std::unique_ptr<Kernels> aten_ = make_aten_kernels();
};

TEST_F(AtenKernelsTest, Products) {
  for (const Accumulate accumulate : {Accumulate::kNo, Accumulate::kYes}) {
    const std::int64_t m = between(1, 40);
    const std::int64_t n = between(1, 50);
    const std::int64_t k = between(1, 60);
    const Values a = values(m * k);
    const Values b = values(n * k);
    const Values c = values(m * n);
    expect_same({c, values(m * k), values(n * k)}, [&](const Kernels& kernels, auto& out) {
      kernels.multiply_transposed(matrix(a.data(), m, k), matrix(b.data(), n, k),
                                  matrix(out[0].data(), m, n), accumulate, 0.5F);
      kernels.multiply(matrix(c.data(), m, n), matrix(b.data(), n, k), matrix(out[1].data(), m, k),
                       accumulate, 2);
      kernels.transposed_multiply(matrix(c.data(), m, n), matrix(a.data(), m, k),
                                  matrix(out[2].data(), n, k), accumulate, 1);
    });
  }
}

TEST_F(AtenKernelsTest, LinearLayers) {
  const std::int64_t m = between(1, 40);
  const std::int64_t n = between(1, 50);
  const std::int64_t k = between(1, 60);
  const Values x = values(m * k);
  const Values weight = values(n * k);
  const Values bias = values(n);
  for (const Accumulate accumulate : {Accumulate::kNo, Accumulate::kYes}) {
    for (const float* added : {static_cast<const float*>(nullptr), bias.data()}) {
      expect_same({values(m * n)}, [&](const Kernels& kernels, auto& out) {
        kernels.linear(matrix(x.data(), m, k), matrix(weight.data(), n, k), added,
                       matrix(out[0].data(), m, n), accumulate);
      });
    }
  }
}

TEST_F(AtenKernelsTest, ProductsOfPartsOfWiderRows) {
  const std::int64_t rows = 7;
  const Values wide = values(rows * 30);
  const Values b = values(9 * 11);
  expect_same({values(rows * 20)}, [&](const Kernels& kernels, auto& out) {
    kernels.multiply_transposed(
        matrix(wide.data(), rows, 30).columns_from(5, 11), matrix(b.data(), 9, 11),
        matrix(out[0].data(), rows, 20).columns_from(3, 9), Accumulate::kYes);
  });
}

TEST_F(AtenKernelsTest, RmsNorm) {
  const std::int64_t rows = between(1, 20);
  const std::int64_t columns = between(1, 100);
  const Values x = values(rows * columns);
  const Values weight = values(columns);
  const Values grad = values(rows * columns);
  expect_same({values(rows * columns), values(rows), values(rows * columns), values(columns)},
              [&](const Kernels& kernels, auto& out) {
                kernels.rms_norm(matrix(x.data(), rows, columns), weight.data(), 1e-5F,
                                 matrix(out[0].data(), rows, columns), out[1].data());
                kernels.rms_norm_backward(matrix(grad.data(), rows, columns),
                                          matrix(x.data(), rows, columns), weight.data(),
                                          out[1].data(), matrix(out[2].data(), rows, columns),
                                          out[3].data());
              });
}

TEST_F(AtenKernelsTest, Rotation) {
  const std::vector<std::int32_t> sequences = offsets(9);
  const std::int64_t tokens = sequences.back();
  const Values cosine = values(9 * 4);
  const Values sine = values(9 * 4);
  for (const float direction : {1.0F, -1.0F}) {
    expect_same({values(tokens * 24)}, [&](const Kernels& kernels, auto& out) {
      kernels.rotate(matrix(out[0].data(), tokens, 24), sequences, 8, cosine.data(), sine.data(),
                     direction);
    });
  }
}

TEST_F(AtenKernelsTest, Swiglu) {
  const std::int64_t rows = between(1, 10);
  const std::int64_t columns = between(1, 50);
  const Values grad = values(rows * columns);
  expect_same({values(rows * columns), values(rows * 2 * columns, 3)}, [&](const Kernels& kernels,
                                                                           auto& out) {
    kernels.swiglu(matrix(out[1].data(), rows, 2 * columns), matrix(out[0].data(), rows, columns));
    kernels.swiglu_backward(matrix(grad.data(), rows, columns),
                            matrix(out[1].data(), rows, 2 * columns));
  });
}

// Heads alone and in groups, windows, sequences longer than a block of queries (256).
TEST_F(AtenKernelsTest, Attention) {
  for (const HeadLayout heads : {HeadLayout{4, 4, 8, 0}, HeadLayout{6, 2, 16, 0},
                                 HeadLayout{4, 1, 8, 7}, HeadLayout{2, 1, 8, 300}}) {
    const std::vector<std::int32_t> sequences = offsets(600);
    const std::int64_t tokens = sequences.back();
    const std::int64_t q_columns = heads.num_heads * heads.head_size;
    const std::int64_t k_columns = heads.num_kv_heads * heads.head_size;
    const Values q = values(tokens * q_columns);
    const Values k = values(tokens * k_columns);
    const Values v = values(tokens * k_columns);
    const Values grad = values(tokens * q_columns);
    expect_same(
        {values(tokens * q_columns), values(tokens * heads.num_heads), values(tokens * q_columns),
         values(tokens * k_columns), values(tokens * k_columns)},
        [&](const Kernels& kernels, auto& out) {
          const ConstMatrix queries = matrix(q.data(), tokens, q_columns);
          const ConstMatrix keys = matrix(k.data(), tokens, k_columns);
          const ConstMatrix held = matrix(v.data(), tokens, k_columns);
          const Matrix result = matrix(out[0].data(), tokens, q_columns);
          kernels.attention(queries, keys, held, heads, sequences, result, out[1].data());
          kernels.attention_backward(
              matrix(grad.data(), tokens, q_columns), queries, keys, held, result, out[1].data(),
              heads, sequences,
              {matrix(out[2].data(), tokens, q_columns), matrix(out[3].data(), tokens, k_columns),
               matrix(out[4].data(), tokens, k_columns)});
        });
  }
}

TEST_F(AtenKernelsTest, CrossEntropy) {
  const std::int64_t rows = between(1, 20);
  const std::int64_t columns = between(2, 300);
  std::vector<std::int32_t> targets;
  for (std::int64_t row = 0; row < rows; ++row) {
    targets.push_back(static_cast<std::int32_t>(between(0, columns - 1)));
  }
  for (const LossTerms terms : {LossTerms{}, LossTerms{0.1F, 0}, LossTerms{0.1F, 0.01F}}) {
    for (const bool keep : {false, true}) {
      Values logits = values(rows * columns, 5);
      logits[0] = 80;  // a large one must not overflow
      std::vector<double> losses;
      expect_same({logits}, [&](const Kernels& kernels, auto& out) {
        losses.push_back(
            kernels.cross_entropy(matrix(out[0].data(), rows, columns), targets, terms, keep));
      });
      EXPECT_NEAR(losses[1], losses[0], 1e-5 * losses[0]);
    }
  }
}

TEST_F(AtenKernelsTest, SumsOfRowsAndColumns) {
  const std::int64_t rows = between(1, 20);
  const std::int64_t columns = between(1, 30);
  const Values x = values(rows * columns);
  expect_same({values(rows * columns), values(columns)}, [&](const Kernels& kernels, auto& out) {
    kernels.add(matrix(x.data(), rows, columns), matrix(out[0].data(), rows, columns));
    kernels.add_column_sums(matrix(x.data(), rows, columns), out[1].data());
  });
}

TEST_F(AtenKernelsTest, DropoutKeepsTheSameElements) {
  const std::int64_t rows = between(1, 20);
  const std::int64_t columns = between(1, 30);
  const Values x = values(rows * columns);
  const DropoutKey key{{1, RandomPurpose::kDropout}, 7, 0.25F};
  expect_same({values(rows * columns), values(rows * columns)},
              [&](const Kernels& kernels, auto& out) {
                kernels.dropout(matrix(x.data(), rows, columns), key,
                                matrix(out[0].data(), rows, columns), Accumulate::kNo);
                kernels.dropout(matrix(x.data(), rows, columns), key,
                                matrix(out[1].data(), rows, columns), Accumulate::kYes);
              });
}

TEST_F(AtenKernelsTest, DropoutOfManyRowsIsThatOfTheirParts) {
  const std::int64_t rows = (1 << 20) + 5;  // ATen's draw a block of numbers at a time
  const Values x(static_cast<std::size_t>(rows * 2), 1);
  const DropoutKey key{{(1ULL << 63) + 3, RandomPurpose::kDropout}, ~0ULL, 0.5F};
  expect_same({Values(x.size())}, [&](const Kernels& kernels, auto& out) {
    kernels.dropout(matrix(x.data(), rows, 2), key, matrix(out[0].data(), rows, 2),
                    Accumulate::kNo);
  });
}

TEST_F(AtenKernelsTest, RowsOfATable) {
  const std::int64_t columns = between(1, 30);
  const std::vector<std::int32_t> ids = {3, 0, 3, 9, 3};
  const Values table = values(10 * columns);
  const Values rows = values(5 * columns);
  expect_same({values(5 * columns), table}, [&](const Kernels& kernels, auto& out) {
    kernels.gather_rows(matrix(table.data(), 10, columns), ids, matrix(out[0].data(), 5, columns));
    kernels.scatter_add_rows(matrix(rows.data(), 5, columns), ids,
                             matrix(out[1].data(), 10, columns));
  });
}

// "high" lets LibTorch take fp32 products in TF32 (torch.set_float32_matmul_precision).
TEST(MatmulPrecisionTest, AllowsTf32OnlyWhereItIsAskedFor) {
  EXPECT_STREQ(matmul_precision(Numbers::kTensorFloat32), "high");
  EXPECT_STREQ(matmul_precision(Numbers::kFloat32), "highest");
  EXPECT_STREQ(matmul_precision(Numbers::kBFloat16), "highest");
}

}  // namespace
}  // namespace temper::model
