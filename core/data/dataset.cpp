#include "core/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/source_files.h"

namespace temper::data {

Dataset::Dataset(const std::vector<recipe::DataSource>& sources,
                 const std::filesystem::path& cache_dir)
    : shard_begins_{0} {
  std::string names;
  for (const auto& source : sources) {
    for (const auto& file : list_source_files(source)) {
      shards_.push_back(open_jsonl_shard(file, cache_dir));
      shard_begins_.push_back(shard_begins_.back() + shards_.back()->size());
    }
    names += (names.empty() ? "" : ", ") + source.path;
  }
  if (size() == 0) {
    throw UserError(fmt::format("{}: the data set is empty: no record in {} files",
                                names.empty() ? "data" : names, shards_.size()));
  }
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
