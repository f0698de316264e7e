#include <fmt/format.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/data/compression.h"
#include "core/data/shard_content.h"
#include "core/data/shard_reader.h"

namespace temper::data {
namespace {

class JsonlShard final : public ShardReader {
 public:
  JsonlShard(const std::filesystem::path& path, const std::filesystem::path& cache_dir)
      : path_(path.string()),
        compressed_(compression_of(path) != Compression::kNone),
        shard_(open_shard_content(path, cache_dir)) {
    struct stat status {};
    if (::stat(shard_.index.source().path.c_str(), &status) == 0) {
      device_ = status.st_dev;
      inode_ = status.st_ino;
    }
  }

  std::uint64_t size() const override { return shard_.index.num_records(); }

  Record read(std::uint64_t index) const override {
    const LineIndex::Extent extent = shard_.index.extent(index);
    const std::uint64_t line = shard_.index.line_number(index);
    check_not_cut(extent, line);
    const auto bytes = shard_.content.bytes().subspan(extent.begin, extent.limit - extent.begin);
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    text = text.substr(0, text.find('\n'));
    if (text.ends_with('\r')) {
      text.remove_suffix(1);
    }
    Record record{std::string(text), fmt::format("{}:{}", path_, line)};
    release_pages_now_and_then();
    return record;
  }

  std::string fingerprint() const override { return shard_.index.content_sha256(); }

 private:
  /// A mapped file that somebody cuts in place would end the process with SIGBUS. If the path leads
  /// to another file by now, the mapping keeps the old one and all is well.
  void check_not_cut(const LineIndex::Extent& extent, std::uint64_t line) const {
    struct stat status {};
    if (!compressed_ && ::stat(shard_.index.source().path.c_str(), &status) == 0 &&
        status.st_dev == device_ && status.st_ino == inode_ &&
        static_cast<std::uint64_t>(status.st_size) < extent.limit) {
      throw FatalError(fmt::format(
          "{}:{}: the file was cut to {} bytes while it was in use; the record begins at byte {}. "
          "Put it back and run again",
          path_, line, status.st_size, extent.begin));
    }
  }

  /// Else a pass over the data would hold all of it. After each record it would take longer than
  /// reading.
  void release_pages_now_and_then() const {
    constexpr std::uint32_t kReads = 16;
    if (num_reads_.fetch_add(1, std::memory_order_relaxed) % kReads == kReads - 1) {
      shard_.content.release_pages();
    }
  }

  std::string path_;  // as given, for messages
  bool compressed_;
  ShardContent shard_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  mutable std::atomic<std::uint32_t> num_reads_ = 0;
};

}  // namespace

std::unique_ptr<ShardReader> open_jsonl_shard(const std::filesystem::path& path,
                                              const std::filesystem::path& cache_dir) {
  return std::make_unique<JsonlShard>(path, cache_dir);
}

}  // namespace temper::data
