#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "tests/support/temporary_directory.h"

namespace temper::data {

/// Shards on disk whose records are given, for LetterEncoder.
class LetterDataset {
 public:
  explicit LetterDataset(const std::vector<std::vector<std::string>>& shards);
  const Dataset& dataset() const { return dataset_; }

 private:
  std::vector<recipe::DataSource> write(const std::vector<std::vector<std::string>>& shards) const;

  testing::TemporaryDirectory folder_;
  Dataset dataset_;
};

/// Shards of these sizes; the record of shard s, index i is "x" and then s and i in capital letters
/// ("xBAC": shard 1, index 2), so that it can be told from every other.
std::vector<std::vector<std::string>> numbered_records(const std::vector<std::uint64_t>& sizes);

}  // namespace temper::data
