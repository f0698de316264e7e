#pragma once

#include <cstdint>

#include "core/data/compression.h"
#include "core/data/dataset.h"
#include "core/storage/object_store.h"

namespace temper::data {

struct ConversionOptions {
  Compression compression = Compression::kNone;  ///< kNone, kZstd or kGzip
  std::uint64_t shard_bytes = 1U << 26;          ///< of a shard before it is compressed
};

struct ConversionResult {
  std::uint64_t num_records = 0;
  std::uint64_t num_shards = 0;
};

/// Writes the records of a data set, in its order, as MDS shards with sha1 hashes: what
/// MdsColumnFinder finds, in two passes over the data. The index comes last. UserError if there is
/// one already or a record is no JSON object.
ConversionResult convert_to_mds(const Dataset& dataset, storage::ObjectStore& destination,
                                const ConversionOptions& options);

/// Writes them as files of JSON lines, part-00000.jsonl and so on, and a data index last. UserError
/// if there is one already.
ConversionResult convert_to_jsonl(const Dataset& dataset, storage::ObjectStore& destination,
                                  const ConversionOptions& options);

}  // namespace temper::data
