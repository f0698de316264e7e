#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/storage/object_store.h"
#include "tests/core/data/unreliable_store.h"

namespace temper::data {

/// A data set of several formats in a store: "chats/" with plain, gzip and zstd JSON lines and a
/// data index, "mds/" and "mds-zstd/" with MDS shards. Every record is a JSON text {"text": …} of
/// its own.
class StoredData {
 public:
  /// `records_per_file` of each of `num_files` JSONL files, and as many MDS samples in all.
  StoredData(storage::ObjectStore& store, std::uint64_t num_files, std::uint64_t records_per_file);

  std::vector<recipe::DataSource> sources() const;

 private:
  void write_lines(storage::ObjectStore& store, std::uint64_t num_files,
                   std::uint64_t records_per_file);
};

/// Opens "fake://bucket/…" in `store`, as if by its URL.
OpenStore opener_of(storage::ObjectStore& store);

void write_text(storage::ObjectStore& store, const std::string& key, const std::string& text);

}  // namespace temper::data
