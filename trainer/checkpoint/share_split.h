#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trainer/checkpoint/named_tensor.h"

namespace temper::checkpoint {

/// Splits whole tensors over ranks so that all write about the same number of bytes: result[r] are
/// the indices of rank r's tensors, ascending. What one rank alone holds is its own to write. A
/// pure function of names, sizes, holders and `num_ranks`: the same on every rank and in whatever
/// order the tensors come. With fewer tensors than ranks some ranks get none.
std::vector<std::vector<std::size_t>> split_by_bytes(std::span<const NamedTensor> tensors,
                                                     int num_ranks);

}  // namespace temper::checkpoint
