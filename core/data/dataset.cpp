#include "core/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/stream/open_source.h"
#include "core/data/stream/shard_access.h"

namespace temper::data {

namespace {

std::shared_ptr<const storage::ObjectStore> open_any_store(const std::string& location) {
  return storage::open_store(location);
}

}  // namespace

Dataset::Dataset(const std::vector<recipe::DataSource>& sources,
                 const std::filesystem::path& cache_dir)
    : Dataset(sources, DataAccess{cache_dir}) {}

Dataset::Dataset(const std::vector<recipe::DataSource>& sources, const DataAccess& access)
    : own_clock_(access.clock == nullptr ? std::make_unique<SystemClock>() : nullptr),
      shard_begins_{0} {
  const auto shard_access = std::make_shared<ShardAccess>(
      access.cache_dir, access.cache_bytes,
      access.open_store ? access.open_store : OpenStore(open_any_store),
      own_clock_ ? *own_clock_ : *access.clock);
  std::string names;
  for (const auto& source : sources) {
    const std::uint64_t first_record = size();
    SourceShards range{shards_.size(), 0, source.weight};
    for (auto& shard : open_source(source, shard_access)) {
      shards_.push_back(std::move(shard));
      shard_begins_.push_back(shard_begins_.back() + shards_.back()->size());
    }
    range.end = shards_.size();
    sources_.push_back(range);
    if (source.weight && size() == first_record) {
      throw UserError(fmt::format("{}: has a weight but no record", source.path));
    }
    names += (names.empty() ? "" : ", ") + source.path;
  }
  if (size() == 0) {
    throw UserError(fmt::format("{}: the data set is empty: no record in {} shards",
                                names.empty() ? "data" : names, shards_.size()));
  }
}

Dataset::~Dataset() = default;

bool Dataset::is_streamed() const {
  return std::any_of(shards_.begin(), shards_.end(),
                     [](const auto& shard) { return shard->fetch_bytes() > 0; });
}

std::vector<std::uint64_t> Dataset::shard_sizes() const {
  std::vector<std::uint64_t> sizes;
  sizes.reserve(shards_.size());
  for (const auto& shard : shards_) {
    sizes.push_back(shard->size());
  }
  return sizes;
}

Record Dataset::read(std::uint64_t shard, std::uint64_t index) const {
  CHECK(shard < shards_.size(), "shard {} of {}", shard, shards_.size());
  return shards_[shard]->read(index);
}

Record Dataset::read(std::uint64_t i) const {
  CHECK(i < size(), "record {} of {}", i, size());
  // The last shard that begins here: empty ones before it begin at the same record.
  const auto after = std::upper_bound(shard_begins_.begin(), shard_begins_.end(), i);
  const auto shard = static_cast<std::uint64_t>(after - shard_begins_.begin() - 1);
  return read(shard, i - shard_begins_[shard]);
}

std::string Dataset::fingerprint() const {
  std::string parts;
  for (const auto& shard : shards_) {
    parts += fmt::format("{} {}\n", shard->fingerprint(), shard->size());
  }
  return sha256_hex(parts);
}

}  // namespace temper::data
