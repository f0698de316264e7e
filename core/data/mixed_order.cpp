#include "core/data/mixed_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/random.h"

namespace temper::data {
namespace {

/// Whole numbers in proportion to the weights that sum to kBlock, each at least 1: the largest
/// remainder method over what is left after one for each.
std::vector<std::uint64_t> apportion(const std::vector<MixedOrder::Source>& sources) {
  const auto spare = static_cast<double>(MixedOrder::kBlock);
  double total = 0;
  for (const auto& source : sources) {
    total += source.weight;
  }
  std::vector<std::uint64_t> shares;
  std::vector<double> remainders;
  for (const auto& source : sources) {
    const double exact = source.weight / total * spare;
    shares.push_back(std::max<std::uint64_t>(1, static_cast<std::uint64_t>(exact)));
    remainders.push_back(exact - static_cast<double>(shares.back()));
  }
  // Ties go to the earlier source, so that all machines agree.
  const auto sum = [&] { return std::accumulate(shares.begin(), shares.end(), std::uint64_t{0}); };
  while (sum() < MixedOrder::kBlock) {
    const auto most = std::max_element(remainders.begin(), remainders.end());
    ++shares[static_cast<std::size_t>(most - remainders.begin())];
    *most -= 1;
  }
  while (sum() > MixedOrder::kBlock) {  // small sources were raised to 1: the largest pays
    const auto largest = std::max_element(shares.begin(), shares.end());
    --*largest;
  }
  return shares;
}

}  // namespace

MixedOrder::MixedOrder(const std::vector<Source>& sources, std::uint64_t seed) : seed_(seed) {
  if (sources.size() > kBlock) {
    throw UserError(fmt::format("data.train: {} sources with weights; at most {} can be mixed",
                                sources.size(), kBlock));
  }
  const std::vector<std::uint64_t> shares = apportion(sources);
  const auto purpose = static_cast<std::uint64_t>(RandomPurpose::kSourceOrder);
  std::uint64_t first_shard = 0;
  std::uint64_t begin = 0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    CHECK(sources[i].weight > 0, "source {} has weight {}", i, sources[i].weight);
    parts_.push_back({SampleOrder(sources[i].shard_sizes, mix_keys({seed, purpose, i})),
                      first_shard, begin, begin + shares[i]});
    first_shard += sources[i].shard_sizes.size();
    begin += shares[i];
  }
}

PositionOrder::Sample MixedOrder::at(std::uint64_t position) const {
  const std::uint64_t block = position / kBlock;
  const auto purpose = static_cast<std::uint64_t>(RandomPurpose::kMixture);
  const Permutation mix(kBlock, mix_keys({seed_, purpose, block}));
  const std::uint64_t place = mix(position % kBlock);
  const auto part =
      std::find_if(parts_.begin(), parts_.end(), [&](const Part& p) { return place < p.end; });
  const std::uint64_t share = part->end - part->begin;
  Sample sample = part->order.at(block * share + (place - part->begin));
  sample.shard += part->first_shard;
  return sample;
}

std::vector<PositionOrder::Sample> MixedOrder::between(std::uint64_t begin,
                                                       std::uint64_t end) const {
  std::vector<Sample> samples;
  for (std::uint64_t position = begin; position < end; ++position) {
    samples.push_back(at(position));
  }
  return samples;
}

PositionOrder::Window MixedOrder::window_at(std::uint64_t position) const {
  const std::uint64_t block = position / kBlock;
  Window window;
  window.end_position = (block + 1) * kBlock;
  for (const Part& part : parts_) {
    const std::uint64_t share = part.end - part.begin;
    for (std::uint64_t i = block * share; i < (block + 1) * share;) {
      const Window of_source = part.order.window_at(i);
      for (const std::uint64_t shard : of_source.shards) {
        window.shards.push_back(part.first_shard + shard);
      }
      i = of_source.end_position;
    }
  }
  std::sort(window.shards.begin(), window.shards.end());
  window.shards.erase(std::unique(window.shards.begin(), window.shards.end()), window.shards.end());
  return window;
}

std::vector<std::uint64_t> MixedOrder::shares() const {
  std::vector<std::uint64_t> shares;
  for (const Part& part : parts_) {
    shares.push_back(part.end - part.begin);
  }
  return shares;
}

}  // namespace temper::data
