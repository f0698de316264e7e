#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/data/mds/mds_index.h"

namespace temper::data {

/// Finds the MDS columns that hold a set of JSON objects without loss: a key that is text in every
/// object becomes `str`, a 64-bit whole number `int`, another number `float64`; all else, keys
/// that change their kind and keys that some objects lack become `json` (lacking: null).
class MdsColumnFinder {
 public:
  /// UserError naming `origin` if the record is no JSON object with keys.
  void add(const std::string& record, const std::string& origin);

  /// Sorted by name.
  std::vector<MdsColumn> columns() const;

 private:
  struct Found {
    std::string encoding;
    std::uint64_t times = 0;
  };
  std::map<std::string, Found> keys_;
  std::uint64_t num_records_ = 0;
};

/// A record as MdsWriter takes it; `columns` are of a finder that has seen it.
std::vector<std::string> stored_values(const std::string& record, const std::string& origin,
                                       const std::vector<MdsColumn>& columns);

}  // namespace temper::data
