#include "core/data/stream/mds_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "core/base/error.h"
#include "core/data/stream/download.h"
#include "core/data/stream/unpack.h"

namespace temper::data {
namespace {

CachedContent bring(ShardAccess& access, const StoredFile& file, const MdsShardInfo& info) {
  const std::string identity = fmt::format("mds {} {}", file.identity(), mds_fingerprint(info));
  const std::string name = cache_entry_name(identity);
  return access.cache.get(name, info.raw.size_bytes, [&](CacheEntryWriter& out) {
    const StoredFile known = look_up(file);  // an index without hashes leaves the store's checksum
    if (info.zip) {
      download_and_unpack({known, info.zip->hashes, info.compression, info.raw.hashes},
                          access.cache.path_of(name + ".zip"), out, access.clock);
    } else {
      download(known, info.raw.hashes, out, access.clock);
    }
  });
}

/// A raw file in a folder of this machine.
MappedFile map_in_place(const StoredFile& file) {
  MappedFile mapped(file.name);
  if (mapped.bytes().size() != file.size_bytes) {
    throw FatalError(
        fmt::format("{}: has {} bytes, but the index says {}; put the right file "
                    "back, or write the data set again",
                    file.name, mapped.bytes().size(), file.size_bytes));
  }
  return mapped;
}

}  // namespace

std::vector<std::unique_ptr<ShardReader>> open_mds_shards(
    const std::shared_ptr<ShardAccess>& access, const StoredFile& index) {
  const std::vector<std::byte> json = read_stored_file(index, access->clock);
  std::vector<MdsShardInfo> infos =
      parse_mds_index({reinterpret_cast<const char*>(json.data()), json.size()}, index.name);
  std::vector<std::unique_ptr<ShardReader>> shards;
  for (MdsShardInfo& info : infos) {
    // Upstream may keep both forms of a shard; what is there in a folder is best.
    const StoredFile raw = index.sibling(info.raw.key, info.raw.size_bytes);
    const bool is_local = !is_url(raw.name) && std::filesystem::exists(raw.name);
    const bool is_packed = info.zip && !is_local;
    const StoredFile file = is_packed ? index.sibling(info.zip->key, info.zip->size_bytes) : raw;
    StreamedShard shard;
    shard.num_records = info.num_samples;
    shard.fingerprint = mds_fingerprint(info);
    shard.fetch_bytes = is_local ? 0 : file.size_bytes;
    shard.name = file.name;
    shard.open = [&access = *access, file, info = std::move(info), is_local] {
      return is_local ? make_mds_table(map_in_place(file), info, file.name)
                      : make_mds_table(bring(access, file, info), info, file.name);
    };
    shards.push_back(make_streamed_shard(access, std::move(shard)));
  }
  return shards;
}

}  // namespace temper::data
