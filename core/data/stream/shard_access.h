#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/data/shard_reader.h"
#include "core/data/stream/shard_cache.h"
#include "core/data/stream/stored_file.h"
#include "core/data/stream/table_pool.h"

namespace temper::data {

/// What shards in stores are read with: one for all sources of a process. Thread-safe.
struct ShardAccess {
  ShardAccess(std::filesystem::path cache_folder, std::uint64_t cache_bytes, OpenStore opener,
              Clock& the_clock)
      : cache_dir(std::move(cache_folder)),
        cache({cache_dir / "shards", cache_bytes}, the_clock),
        open_store(std::move(opener)),
        clock(the_clock) {}

  const std::filesystem::path cache_dir;
  ShardCache cache;
  TablePool tables;
  const OpenStore open_store;
  Clock& clock;
};

/// A shard that is opened when its first record is read.
struct StreamedShard {
  std::uint64_t num_records = 0;  ///< known before it is opened
  std::string fingerprint;
  std::uint64_t fetch_bytes = 0;
  std::string name;      ///< for messages
  TablePool::Open open;  ///< may take long, and throw what ShardReader::read may
};

/// `shard` as a ShardReader. FatalError on reading if it turns out to have another number of
/// records.
std::unique_ptr<ShardReader> make_streamed_shard(std::shared_ptr<ShardAccess> access,
                                                 StreamedShard shard);

/// The name of a cache entry for what is told apart by `identity`.
std::string cache_entry_name(const std::string& identity);

}  // namespace temper::data
