#pragma once

#include <cstdint>
#include <vector>

#include "trainer/model/float_buffer.h"
#include "trainer/model/kernels.h"

namespace temper::model {

/// Activations and their gradients are stored in the kernels' memory and numbers
/// (Kernels::placement()); nobody but these functions and the kernels need know which.

/// A contiguous matrix in `buffer`, which grows to hold it. Contents stay as they are, unless it
/// grows: then they are undefined.
Matrix activations_in(FloatBuffer& buffer, const Kernels& kernels, std::int64_t rows,
                      std::int64_t columns);

/// Between contiguous matrices of one size, stored alike.
void copy(const Kernels& kernels, ConstMatrix from, Matrix to);
/// Fills a contiguous matrix with zeros.
void clear(const Kernels& kernels, Matrix matrix);
/// The numbers of a contiguous matrix in this process's memory, row by row.
std::vector<float> downloaded(const Kernels& kernels, ConstMatrix matrix);

}  // namespace temper::model
