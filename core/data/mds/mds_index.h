#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/compression.h"
#include "core/data/mds/mds_encoding.h"

namespace temper::data {

struct MdsColumn {
  std::string name;
  MdsEncoding encoding;
};

/// One file that a shard is stored in.
struct MdsFile {
  std::string key;  ///< below the folder of index.json
  std::uint64_t size_bytes = 0;
  std::map<std::string, std::string> hashes;  ///< name → hexadecimal digits
};

/// What index.json says of one shard.
struct MdsShardInfo {
  std::vector<MdsColumn> columns;
  std::uint64_t num_samples = 0;
  MdsFile raw;
  std::optional<MdsFile> zip;  ///< the same compressed; only one of both need be there
  Compression compression = Compression::kNone;  ///< of zip
};

inline constexpr std::string_view kMdsIndexName = "index.json";

/// Reads the index of a folder of MDS shards, version 2, as MosaicML Streaming 0.13 writes it.
/// FatalError naming `origin` and the place if it is damaged; UserError for what Temper does not
/// read: another format or version, `pkl` columns, an unknown compression.
std::vector<MdsShardInfo> parse_mds_index(std::string_view json, const std::string& origin);

/// A hash of what the samples are, as far as the index tells: the same however they are compressed
/// if the raw files' hashes are given.
std::string mds_fingerprint(const MdsShardInfo& shard);

}  // namespace temper::data
