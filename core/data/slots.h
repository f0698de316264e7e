#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace temper::data {

/// Deals samples to slots: longest first (ties: lower index first), each to the slot with the
/// fewest tokens so far (ties: lower slot). Returns, per slot, sample indices in increasing order.
/// Deterministic; every rank computes the same. (Graham's longest-processing-time rule, 1969: the
/// fullest slot has at most 4/3 of the optimum.)
std::vector<std::vector<std::uint32_t>> deal_to_slots(std::span<const std::int64_t> lengths,
                                                      std::int64_t num_slots);

/// Contiguous ranges [begin, end) of slots for `num_ranks` ranks with near-equal numbers of tokens.
/// Ranges cover [0, M) in order. Every rank has a slot if there are enough; else none has two.
std::vector<std::pair<std::int64_t, std::int64_t>> split_slots(
    std::span<const std::int64_t> slot_tokens, std::int64_t num_ranks);

}  // namespace temper::data
