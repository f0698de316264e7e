#include "core/data/stream/shard_access.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "core/base/hash.h"

namespace temper::data {
namespace {

class StreamedShardReader final : public ShardReader {
 public:
  StreamedShardReader(std::shared_ptr<ShardAccess> access, StreamedShard shard)
      : access_(std::move(access)), shard_(std::move(shard)), id_(access_->tables.next_id()) {}

  std::uint64_t size() const override { return shard_.num_records; }
  std::string fingerprint() const override { return shard_.fingerprint; }
  std::uint64_t fetch_bytes() const override { return shard_.fetch_bytes; }
  void fetch() const override { table(); }
  Record read(std::uint64_t index) const override { return table()->read(index); }

 private:
  std::shared_ptr<const RecordTable> table() const {
    return access_->tables.get(id_, [this] {
      auto table = shard_.open();
      if (table->size() != shard_.num_records) {
        throw FatalError(fmt::format(
            "{}: has {} records, but {} when it was indexed; put the right file back, or run "
            "`temper data index` on its folder again and start a new run",
            shard_.name, table->size(), shard_.num_records));
      }
      return table;
    });
  }

  std::shared_ptr<ShardAccess> access_;
  StreamedShard shard_;
  std::uint64_t id_;
};

}  // namespace

std::unique_ptr<ShardReader> make_streamed_shard(std::shared_ptr<ShardAccess> access,
                                                 StreamedShard shard) {
  return std::make_unique<StreamedShardReader>(std::move(access), std::move(shard));
}

std::string cache_entry_name(const std::string& identity) {
  constexpr std::size_t kNameDigits = 32;
  return sha256_hex(identity).substr(0, kNameDigits);
}

}  // namespace temper::data
