// Matrix products through the BLAS inside libtorch_cpu. BLAS is column-major, so a row-major
// product c = a · b is asked for as cᵀ = bᵀ · aᵀ.

#include <algorithm>

#include "core/base/check.h"
#include "trainer/model/cpu_kernels.h"
#include "trainer/model/cpu_row_product.h"
#include "trainer/model/float_buffer.h"

extern "C" void sgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* lda,
                       const float* b, const int* ldb, const float* beta, float* c, const int* ldc);

namespace temper::model {
namespace {

constexpr std::int64_t kNarrowColumns = 64;

struct Operand {
  const float* data;
  std::int64_t stride;
  char transpose;
};

/// c [rows, columns] (+)= alpha · …, with BLAS's first operand = the row-major right one.
void gemm(Operand right, Operand left, std::int64_t inner, Matrix c, Accumulate accumulate,
          float alpha) {
  if (c.rows == 0 || c.columns == 0) {
    return;
  }
  const int m = static_cast<int>(c.columns);
  const int n = static_cast<int>(c.rows);
  const int k = static_cast<int>(inner);
  const int lda = static_cast<int>(std::max<std::int64_t>(right.stride, 1));
  const int ldb = static_cast<int>(std::max<std::int64_t>(left.stride, 1));
  const int ldc = static_cast<int>(c.stride);
  const float beta = accumulate == Accumulate::kYes ? 1.0F : 0.0F;
  sgemm_(&right.transpose, &left.transpose, &m, &n, &k, &alpha, right.data, &lda, left.data, &ldb,
         &beta, c.data, &ldc);
}

/// A row of the result that is longer than BLAS's panels fit the caches: it goes faster in pieces.
/// Part of the numerics: BLAS may sum a piece in another order than the whole.
std::int64_t columns_at_once(std::int64_t columns) {
  if (columns > 8192) {
    return 1024;
  }
  return columns > 1536 ? 384 : columns;
}

void add_transposed(ConstMatrix x, Matrix y, Accumulate accumulate) {
  for (std::int64_t row = 0; row < y.rows; ++row) {
    float* to = y.row(row);
    for (std::int64_t column = 0; column < y.columns; ++column) {
      const float value = x.row(column)[row];
      to[column] = accumulate == Accumulate::kYes ? to[column] + value : value;
    }
  }
}

}  // namespace

void CpuKernels::multiply_transposed(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                                     float alpha) const {
  CHECK(a.columns == b.columns && c.rows == a.rows && c.columns == b.rows,
        "[{}, {}] x [{}, {}]^T -> [{}, {}]", a.rows, a.columns, b.rows, b.columns, c.rows,
        c.columns);
  if (a.rows == 1) {
    row_times_transposed(a, b, c, accumulate, alpha);
    return;
  }
  const std::int64_t step = std::max<std::int64_t>(columns_at_once(b.rows), 1);
  for (std::int64_t begin = 0; begin < b.rows; begin += step) {
    const std::int64_t count = std::min(step, b.rows - begin);
    gemm({b.row(begin), b.stride, 'T'}, {a.data, a.stride, 'N'}, a.columns,
         c.columns_from(begin, count), accumulate, alpha);
  }
}

void CpuKernels::multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                          float alpha) const {
  CHECK(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns,
        "[{}, {}] x [{}, {}] -> [{}, {}]", a.rows, a.columns, b.rows, b.columns, c.rows, c.columns);
  if (a.rows == 1) {
    row_times(a, b, c, accumulate, alpha);
    return;
  }
  gemm({b.data, b.stride, 'N'}, {a.data, a.stride, 'N'}, a.columns, c, accumulate, alpha);
}

void CpuKernels::transposed_multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                                     float alpha) const {
  CHECK(a.rows == b.rows && c.rows == a.columns && c.columns == b.columns,
        "[{}, {}]^T x [{}, {}] -> [{}, {}]", a.rows, a.columns, b.rows, b.columns, c.rows,
        c.columns);
  // BLAS is slow where the result is a few columns wide (the gradient of LoRA's B): it computes the
  // transposed result instead.
  if (c.columns <= kNarrowColumns && c.rows > kNarrowColumns) {
    FloatBuffer buffer(static_cast<std::size_t>(c.rows * c.columns));
    const Matrix transposed = matrix(buffer.data(), c.columns, c.rows);
    gemm({a.data, a.stride, 'N'}, {b.data, b.stride, 'T'}, a.rows, transposed, Accumulate::kNo,
         alpha);
    add_transposed(transposed, c, accumulate);
    return;
  }
  gemm({b.data, b.stride, 'N'}, {a.data, a.stride, 'T'}, a.rows, c, accumulate, alpha);
}

}  // namespace temper::model
