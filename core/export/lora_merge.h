#pragma once

#include <cstdint>
#include <span>

namespace temper::exporting {

/// weight += scaling · B·A, all row-major fp32: weight [out, in], b [out, rank], a [rank, in]. Each
/// element of the product is summed over the rank in ascending order, without fused operations,
/// then scaled, then added: the same bits on any machine and any number of threads.
void add_lora_product(std::span<const float> a, std::span<const float> b, std::int64_t rank,
                      double scaling, std::span<float> weight);

}  // namespace temper::exporting
