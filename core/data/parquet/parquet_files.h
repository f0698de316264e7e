#pragma once

#include <memory>
#include <vector>

#include "core/data/stream/file_summary.h"
#include "core/data/stream/shard_access.h"

namespace temper::data {

/// Reads a Parquet file's footer and sums the file up.
FileSummary summarize_parquet(ShardAccess& access, const StoredFile& file);

/// A Parquet file in a store: each row group is a shard, whose columns' bytes alone are brought
/// when it is read first, and turned into JSON lines in the cache. FatalError when reading if the
/// file is damaged or its footer is not the one that was summed up.
std::vector<std::unique_ptr<ShardReader>> open_stored_parquet(
    const std::shared_ptr<ShardAccess>& access, const StoredFile& file, const FileSummary& summary);

}  // namespace temper::data
