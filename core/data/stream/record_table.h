#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/data/mds/mds_index.h"
#include "core/data/shard_content.h"
#include "core/data/shard_reader.h"
#include "core/data/stream/cache_entry.h"

namespace temper::data {

/// The records of a shard that is at hand. Thread-safe.
class RecordTable {
 public:
  virtual ~RecordTable() = default;
  virtual std::uint64_t size() const = 0;
  /// Record `index` in [0, size()). FatalError naming file and position if it is damaged.
  virtual Record read(std::uint64_t index) const = 0;
};

/// JSON lines; a record's origin is `name`:line, lines being counted from `first_line`.
std::unique_ptr<RecordTable> make_line_table(CachedContent content, std::string name,
                                             std::uint64_t first_line);

/// The samples of an MDS shard as JSON objects; a record's origin is `name`:index.
std::unique_ptr<RecordTable> make_mds_table(CachedContent content, MdsShardInfo info,
                                            std::string name);
std::unique_ptr<RecordTable> make_mds_table(MappedFile file, MdsShardInfo info, std::string name);

}  // namespace temper::data
