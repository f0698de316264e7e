#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace temper::data {

/// One record and where it stands, for messages: "chats.jsonl:17".
struct Record {
  std::string bytes;
  std::string origin;
};

/// Random access to the records of one shard. Thread-safe.
class ShardReader {
 public:
  virtual ~ShardReader() = default;
  virtual std::uint64_t size() const = 0;
  /// Record `index` in [0, size()). FatalError naming file and position if the shard is damaged.
  virtual Record read(std::uint64_t index) const = 0;
  /// sha256 of what the index was built from; changes when the shard's content does.
  virtual std::string fingerprint() const = 0;

  /// How much fetch() may have to bring from a store; 0 if read() never waits for one.
  virtual std::uint64_t fetch_bytes() const { return 0; }
  /// Brings the records to this machine, so that reading them soon will not wait. Throws what
  /// read() would.
  virtual void fetch() const {}
};

/// JSON lines, plain, .gz or .zst. Blank lines are not records. The line index is built once and
/// kept in `cache_dir` under the shard's identity (path, size, mtime; verified on reuse);
/// compressed shards are decompressed there once. Safe with several processes building at the same
/// time.
std::unique_ptr<ShardReader> open_jsonl_shard(const std::filesystem::path& path,
                                              const std::filesystem::path& cache_dir);

}  // namespace temper::data
