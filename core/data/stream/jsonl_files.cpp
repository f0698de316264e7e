#include "core/data/stream/jsonl_files.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/compression.h"
#include "core/data/line_index.h"
#include "core/data/stream/download.h"
#include "core/data/stream/unpack.h"

namespace temper::data {
namespace {

/// `sha256` may be empty: not known yet.
CachedContent bring(ShardAccess& access, const StoredFile& file, const std::string& sha256) {
  // The version tells the content, if it is known; else the hash does.
  const std::string name = cache_entry_name(
      fmt::format("jsonl {} {}", file.identity(), file.version.empty() ? sha256 : ""));
  const ExpectedHashes content_hashes =
      sha256.empty() ? ExpectedHashes{} : ExpectedHashes{{"sha256", sha256}};
  return access.cache.get(name, file.size_bytes, [&](CacheEntryWriter& out) {
    const Compression compression = compression_of(file.key);
    if (compression == Compression::kNone) {
      download(file, content_hashes, out, access.clock);
    } else {
      download_and_unpack({file, {}, compression, content_hashes},
                          access.cache.path_of(name + ".zip"), out, access.clock);
    }
  });
}

}  // namespace

FileSummary summarize_jsonl(ShardAccess& access, const StoredFile& file) {
  const CachedContent content = bring(access, file, "");
  LineScanner lines;
  lines.feed(content.bytes());
  lines.finish();
  return {file.key, file.size_bytes, sha256_hex(content.bytes()), {lines.offsets().size()}};
}

std::unique_ptr<ShardReader> open_stored_jsonl(const std::shared_ptr<ShardAccess>& access,
                                               const StoredFile& file, const FileSummary& summary) {
  StreamedShard shard;
  shard.num_records = summary.records.at(0);
  shard.fingerprint = summary.sha256;
  shard.fetch_bytes = file.size_bytes;
  shard.name = file.name;
  // The shard keeps `access` alive, so the reference holds.
  shard.open = [&access = *access, file, sha256 = summary.sha256] {
    return make_line_table(bring(access, file, sha256), file.name, /*first_line=*/1);
  };
  return make_streamed_shard(access, std::move(shard));
}

}  // namespace temper::data
