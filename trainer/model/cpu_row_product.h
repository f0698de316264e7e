#pragma once

#include "trainer/model/kernels.h"

namespace temper::model {

/// Products with a single row on the left. BLAS turns them into matrix-vector products whose order
/// of additions depends on where the matrix lies in memory; mapped weights lie anywhere, so these
/// have an order of their own. x [1, inner], y [1, outputs]; the row is overwritten or added to.

/// y (+)= alpha · x · weightᵀ, weight [outputs, inner].
void row_times_transposed(ConstMatrix x, ConstMatrix weight, Matrix y, Accumulate accumulate,
                          float alpha);

/// y (+)= alpha · x · weight, weight [inner, outputs].
void row_times(ConstMatrix x, ConstMatrix weight, Matrix y, Accumulate accumulate, float alpha);

}  // namespace temper::model
