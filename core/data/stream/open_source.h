#pragma once

#include <memory>
#include <vector>

#include "core/data/stream/file_summary.h"
#include "core/data/stream/shard_access.h"
#include "core/recipe/recipe.h"

namespace temper::data {

/// The shards of a source in a fixed order: files sorted by path, row groups and MDS shards as they
/// come. Files on this machine are read where they are if they can be; what is in a store, packed
/// or Parquet goes through the cache when it is read first. Files of a store that no data index
/// sums up are read once to count their records, and the counts are kept in the cache. UserError
/// for a path that matches nothing, an unknown ending, and an index that does not fit the files.
std::vector<std::unique_ptr<ShardReader>> open_source(const recipe::DataSource& source,
                                                      const std::shared_ptr<ShardAccess>& access);

/// The JSONL and Parquet files of a source in a store.
StoredListing list_source(const recipe::DataSource& source, const OpenStore& open_store);

/// Reads each file (a Parquet file's footer) and sums it up, several at a time. `format` of a
/// source decides for files of unknown ending.
std::vector<FileSummary> summarize_files(ShardAccess& access, const std::vector<StoredFile>& files,
                                         recipe::DataFormat format);

}  // namespace temper::data
