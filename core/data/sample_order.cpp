#include "core/data/sample_order.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <mutex>
#include <utility>

#include "core/base/check.h"
#include "core/base/random.h"

// An epoch lays the shards in a permuted row and cuts the row into windows. Position p of the epoch
// falls into a window; the window's own permutation says which of its samples comes at p. The row
// and its running sums take memory by shards, never by samples, and are kept for the two epochs
// that readers are in around a border.

namespace temper::data {

struct SampleOrder::EpochLayout {
  std::uint64_t epoch = 0;
  std::vector<std::uint64_t> shards;         // the permuted row
  std::vector<std::uint64_t> shard_begins;   // first position of each in the epoch, and the end
  std::vector<Permutation> windows;          // of the samples of each window with any
  std::vector<std::uint64_t> window_begins;  // first position of each
};

struct SampleOrder::LayoutCache {
  std::mutex mutex;
  std::array<std::shared_ptr<const EpochLayout>, 2> layouts;  // by epoch modulo 2
};

SampleOrder::SampleOrder(std::vector<std::uint64_t> shard_sizes, std::uint64_t seed,
                         std::uint64_t window_shards)
    : shard_sizes_(std::move(shard_sizes)),
      seed_(seed),
      window_shards_(window_shards),
      cache_(std::make_shared<LayoutCache>()) {
  for (const std::uint64_t size : shard_sizes_) {
    epoch_size_ += size;
  }
  CHECK(epoch_size_ > 0, "an order of {} shards without samples", shard_sizes_.size());
  CHECK(window_shards_ > 0, "windows of no shards");
}

SampleOrder::EpochLayout SampleOrder::make_layout(std::uint64_t epoch) const {
  EpochLayout layout;
  layout.epoch = epoch;
  const auto shard_purpose = static_cast<std::uint64_t>(RandomPurpose::kShardOrder);
  const auto sample_purpose = static_cast<std::uint64_t>(RandomPurpose::kSampleOrder);
  const std::uint64_t num_shards = shard_sizes_.size();
  const Permutation shard_order(num_shards, mix_keys({seed_, shard_purpose, epoch}));
  std::uint64_t position = 0;
  std::uint64_t window_begin = 0;
  for (std::uint64_t i = 0; i < num_shards; ++i) {
    layout.shards.push_back(shard_order(i));
    layout.shard_begins.push_back(position);
    position += shard_sizes_[layout.shards.back()];
    const bool window_ends = (i + 1) % window_shards_ == 0 || i + 1 == num_shards;
    if (window_ends && position > window_begin) {
      const std::uint64_t key = mix_keys({seed_, sample_purpose, epoch, i / window_shards_});
      layout.windows.emplace_back(position - window_begin, key);
      layout.window_begins.push_back(window_begin);
      window_begin = position;
    }
  }
  layout.shard_begins.push_back(position);
  return layout;
}

std::shared_ptr<const SampleOrder::EpochLayout> SampleOrder::layout_of(std::uint64_t epoch) const {
  const std::lock_guard lock(cache_->mutex);
  auto& cached = cache_->layouts[epoch % cache_->layouts.size()];
  if (cached == nullptr || cached->epoch != epoch) {
    cached = std::make_shared<const EpochLayout>(make_layout(epoch));
  }
  return cached;
}

std::vector<SampleOrder::Sample> SampleOrder::between(std::uint64_t begin,
                                                      std::uint64_t end) const {
  std::vector<Sample> samples;
  samples.reserve(end - begin);
  std::vector<std::uint64_t> shuffled;
  while (begin < end) {
    const std::uint64_t epoch = begin / epoch_size_;
    const std::uint64_t in_epoch = begin % epoch_size_;
    const auto layout = layout_of(epoch);
    const auto& windows = layout->window_begins;
    const auto next = std::upper_bound(windows.begin(), windows.end(), in_epoch);
    const auto window = static_cast<std::size_t>(next - windows.begin() - 1);
    const std::uint64_t window_begin = windows[window];
    const std::uint64_t window_end = next == windows.end() ? epoch_size_ : *next;
    shuffled.resize(std::min(end - begin, window_end - in_epoch));
    layout->windows[window].range(in_epoch - window_begin, shuffled);
    // Only the window's own shards need be searched.
    const auto& shards = layout->shard_begins;
    const auto first = std::lower_bound(shards.begin(), shards.end(), window_begin);
    const auto last = std::upper_bound(first, shards.end(), window_end);
    for (const std::uint64_t place : shuffled) {
      const auto after = std::upper_bound(first, last, window_begin + place);
      const auto shard = static_cast<std::size_t>(after - shards.begin() - 1);
      samples.push_back({epoch, layout->shards[shard], window_begin + place - shards[shard]});
    }
    begin += shuffled.size();
  }
  return samples;
}

SampleOrder::Window SampleOrder::window_at(std::uint64_t position) const {
  const std::uint64_t epoch_begin = position / epoch_size_ * epoch_size_;
  const auto layout = layout_of(position / epoch_size_);
  const auto& begins = layout->window_begins;
  const auto next = std::upper_bound(begins.begin(), begins.end(), position - epoch_begin);
  const std::uint64_t begin = *std::prev(next);
  const std::uint64_t end = next == begins.end() ? epoch_size_ : *next;
  Window window;
  window.end_position = epoch_begin + end;
  const auto& shards = layout->shard_begins;
  for (std::size_t i = 0; i < layout->shards.size(); ++i) {
    if (shards[i] >= begin && shards[i] < end && shards[i + 1] > shards[i]) {
      window.shards.push_back(layout->shards[i]);
    }
  }
  return window;
}

SampleOrder::Sample SampleOrder::at(std::uint64_t position) const {
  const std::uint64_t epoch = position / epoch_size_;
  const std::uint64_t in_epoch = position % epoch_size_;
  const auto layout = layout_of(epoch);

  const auto& begins = layout->window_begins;
  const auto window = std::upper_bound(begins.begin(), begins.end(), in_epoch) - begins.begin() - 1;
  const auto window_index = static_cast<std::size_t>(window);
  const std::uint64_t begin = begins[window_index];
  const std::uint64_t shuffled = begin + layout->windows[window_index](in_epoch - begin);

  // The last shard that begins here: empty ones before it begin at the same place.
  const auto& shards = layout->shard_begins;
  const auto shard = std::upper_bound(shards.begin(), shards.end(), shuffled) - shards.begin() - 1;
  const auto shard_index = static_cast<std::size_t>(shard);
  return {epoch, layout->shards[shard_index], shuffled - shards[shard_index]};
}

}  // namespace temper::data
