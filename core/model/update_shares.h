#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace temper::model {

/// Cuts tensors of these sizes into one run of consecutive ones a rank, so that the largest run is
/// as small as can be: rank r gets tensors [result[r], result[r + 1]). With fewer tensors than
/// ranks the last ranks get none. A tensor is never cut: a checkpoint keeps whole ones.
std::vector<std::size_t> split_into_runs(std::span<const std::int64_t> sizes, int num_ranks);

}  // namespace temper::model
