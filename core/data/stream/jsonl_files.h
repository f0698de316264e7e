#pragma once

#include <memory>
#include <string>

#include "core/data/stream/file_summary.h"
#include "core/data/stream/shard_access.h"

namespace temper::data {

/// Reads a file of JSON lines (plain, .gz, .zst) through the cache and sums it up.
FileSummary summarize_jsonl(ShardAccess& access, const StoredFile& file);

/// A file of JSON lines in a store as a shard. Its content is brought and decompressed when it is
/// read first, and must be the one that was summed up.
std::unique_ptr<ShardReader> open_stored_jsonl(const std::shared_ptr<ShardAccess>& access,
                                               const StoredFile& file, const FileSummary& summary);

}  // namespace temper::data
