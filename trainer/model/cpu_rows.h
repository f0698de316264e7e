#pragma once

#include <cstdint>

namespace temper::model {

/// Vectorised loops over one row of `n` floats that several kernels share. Reductions keep 16
/// running sums, so that the order of additions is fixed by the source and does not depend on
/// alignment.

/// −infinity for n = 0.
float row_maximum(const float* x, std::int64_t n);

/// out[i] = e^(x[i] − maximum); returns the sum. x may be out.
float exponentials(const float* x, float maximum, float* out, std::int64_t n);

/// Sum of e^(x[i] − maximum).
float sum_of_exponentials(const float* x, float maximum, std::int64_t n);

/// Sum of x[i].
float row_sum(const float* x, std::int64_t n);

/// x[i] += value.
void add_to_row(float value, float* x, std::int64_t n);

/// out[i] = factor · x[i]. x may be out.
void scale_row(const float* x, float factor, float* out, std::int64_t n);

/// Sum of a[i] · b[i].
float dot(const float* a, const float* b, std::int64_t n);

/// y[i] += factor · x[i].
void add_scaled_row(const float* x, float factor, float* y, std::int64_t n);

/// grad[i] = p[i] · (grad[i] − mean): the backward of a softmax with value p, `mean` = Σ p · grad.
void softmax_gradient(const float* p, float mean, float* grad, std::int64_t n);

}  // namespace temper::model
