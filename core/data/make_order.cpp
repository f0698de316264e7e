#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/data/dataset.h"
#include "core/data/mixed_order.h"
#include "core/data/position_order.h"
#include "core/data/sample_order.h"

namespace temper::data {

std::unique_ptr<PositionOrder> make_order(const Dataset& dataset, std::uint64_t seed) {
  const auto& ranges = dataset.sources();
  const std::vector<std::uint64_t> sizes = dataset.shard_sizes();
  if (std::none_of(ranges.begin(), ranges.end(), [](auto& range) { return range.weight; })) {
    return std::make_unique<SampleOrder>(sizes, seed);
  }
  std::vector<MixedOrder::Source> sources;
  for (const auto& range : ranges) {
    MixedOrder::Source source;
    source.weight = range.weight.value_or(1);
    std::uint64_t num_samples = 0;
    for (std::uint64_t shard = range.begin; shard < range.end; ++shard) {
      source.shard_sizes.push_back(sizes[shard]);
      num_samples += sizes[shard];
    }
    if (num_samples == 0) {
      throw UserError(
          fmt::format("data: source {} has no record, so it can't be mixed with others "
                      "by weight; remove it",
                      sources.size() + 1));
    }
    sources.push_back(std::move(source));
  }
  return std::make_unique<MixedOrder>(sources, seed);
}

}  // namespace temper::data
