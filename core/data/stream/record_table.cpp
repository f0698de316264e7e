#include "core/data/stream/record_table.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "core/data/line_index.h"
#include "core/data/mds/mds_shard.h"

namespace temper::data {
namespace {

class LineTable final : public RecordTable {
 public:
  LineTable(CachedContent content, std::string name, std::uint64_t first_line)
      : content_(std::move(content)),
        name_(std::move(name)),
        first_line_(first_line),
        index_bytes_(scan(content_.bytes())),
        index_(LineIndex::parse(index_bytes_)) {}

  std::uint64_t size() const override { return index_.num_records(); }

  Record read(std::uint64_t index) const override {
    const LineIndex::Extent extent = index_.extent(index);
    const auto bytes = content_.bytes().subspan(extent.begin, extent.limit - extent.begin);
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    text = text.substr(0, text.find('\n'));
    text.remove_suffix(text.ends_with('\r') ? 1 : 0);
    return {std::string(text),
            fmt::format("{}:{}", name_, first_line_ + index_.line_number(index) - 1)};
  }

 private:
  static std::vector<std::byte> scan(std::span<const std::byte> content) {
    LineScanner lines;
    lines.feed(content);
    lines.finish();
    constexpr std::size_t kDigestDigits = 64;
    return LineIndex::serialize({}, lines, content.size(), 0, std::string(kDigestDigits, '0'));
  }

  CachedContent content_;
  std::string name_;
  std::uint64_t first_line_;
  std::vector<std::byte> index_bytes_;
  LineIndex index_;
};

/// `Bytes`: CachedContent or MappedFile.
template <class Bytes>
class MdsTable final : public RecordTable {
 public:
  MdsTable(Bytes content, MdsShardInfo info, std::string name)
      : content_(std::move(content)),
        info_(std::move(info)),
        name_(std::move(name)),
        shard_(content_.bytes(), info_, name_) {}

  std::uint64_t size() const override { return shard_.size(); }
  Record read(std::uint64_t index) const override {
    return {shard_.read_json(index), fmt::format("{}:{}", name_, index)};
  }

 private:
  Bytes content_;
  MdsShardInfo info_;
  std::string name_;
  MdsShard shard_;
};

}  // namespace

std::unique_ptr<RecordTable> make_line_table(CachedContent content, std::string name,
                                             std::uint64_t first_line) {
  return std::make_unique<LineTable>(std::move(content), std::move(name), first_line);
}

std::unique_ptr<RecordTable> make_mds_table(CachedContent content, MdsShardInfo info,
                                            std::string name) {
  return std::make_unique<MdsTable<CachedContent>>(std::move(content), std::move(info),
                                                   std::move(name));
}

std::unique_ptr<RecordTable> make_mds_table(MappedFile file, MdsShardInfo info, std::string name) {
  return std::make_unique<MdsTable<MappedFile>>(std::move(file), std::move(info), std::move(name));
}

}  // namespace temper::data
