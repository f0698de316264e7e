#pragma once

#include <memory>
#include <vector>

#include "core/data/mds/mds_index.h"
#include "core/data/stream/shard_access.h"

namespace temper::data {

/// The shards that the index.json in a store describes. A shard is brought, decompressed and
/// verified against the index's hashes when it is read first; an uncompressed one in a local folder
/// is mapped where it is.
std::vector<std::unique_ptr<ShardReader>> open_mds_shards(
    const std::shared_ptr<ShardAccess>& access, const StoredFile& index);

}  // namespace temper::data
