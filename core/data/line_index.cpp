#include "core/data/line_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "core/base/check.h"
#include "core/base/crc32c.h"
#include "core/base/error.h"

namespace temper::data {
namespace {

static_assert(std::endian::native == std::endian::little, "integers are copied as they are");

constexpr std::string_view kMagic = "TMPRLIDX";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kSealedFrom = 16;  // the checksum covers what follows it
constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kWord = sizeof(std::uint64_t);

[[noreturn]] void throw_damaged(std::string_view problem) {
  throw FatalError(fmt::format("line index: {}", problem));
}

std::size_t padded(std::size_t size) {
  return (size + kWord - 1) / kWord * kWord;
}

/// Takes fields off the front of the bytes and says so when there are too few.
class FieldTaker {
 public:
  explicit FieldTaker(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::span<const std::byte> take_bytes(std::uint64_t size) {
    if (size > rest_.size()) {
      throw_damaged(fmt::format("{} bytes are missing", size - rest_.size()));
    }
    const auto taken = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  template <class Integer>
  Integer take() {
    Integer value;
    std::memcpy(&value, take_bytes(sizeof(Integer)).data(), sizeof(Integer));
    return value;
  }
  std::string take_text(std::uint64_t size) {
    const auto taken = take_bytes(size);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  /// `count` entries of `entry_bytes` each.
  std::span<const std::byte> take_array(std::uint64_t count, std::size_t entry_bytes) {
    if (count > rest_.size() / entry_bytes) {
      throw_damaged(fmt::format("{} entries in {} bytes", count, rest_.size()));
    }
    return take_bytes(count * entry_bytes);
  }
  std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> rest_;
};

class FieldAppender {
 public:
  template <class Integer>
  void put(Integer value) {
    put_bytes(std::as_bytes(std::span(&value, 1)));
  }
  void put_text(std::string_view text) { put_bytes(std::as_bytes(std::span(text))); }
  void put_bytes(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void pad() { bytes_.resize(padded(bytes_.size())); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

std::uint64_t load_word(std::span<const std::byte> words, std::uint64_t index) {
  std::uint64_t value = 0;
  std::memcpy(&value, words.data() + index * kWord, kWord);
  return value;
}

}  // namespace

std::vector<std::byte> LineIndex::serialize(const SourceIdentity& source, const LineScanner& lines,
                                            std::uint64_t content_bytes,
                                            std::uint32_t content_crc32c,
                                            std::string_view content_sha256) {
  CHECK(content_sha256.size() == kSha256Digits, "a digest of {} digits", content_sha256.size());
  FieldAppender out;
  out.put_text(kMagic);
  out.put(kVersion);
  out.put(std::uint32_t{0});  // the seal
  out.put(source.size_bytes);
  out.put(source.modified_ns);
  out.put(std::uint64_t{lines.offsets().size()});
  out.put(std::uint64_t{lines.gaps().size()});
  out.put(content_bytes);
  out.put(std::uint64_t{content_crc32c});
  out.put_text(content_sha256);
  out.put(std::uint64_t{source.path.size()});
  out.put_text(source.path);
  out.pad();
  out.put_bytes(std::as_bytes(std::span(lines.offsets())));
  for (const LineScanner::Gap& gap : lines.gaps()) {
    out.put(gap.record);
    out.put(gap.count);
  }
  std::vector<std::byte> bytes = out.take();
  seal(bytes);
  return bytes;
}

void LineIndex::seal(std::span<std::byte> bytes) {
  const std::uint32_t checksum = crc32c(bytes.subspan(kSealedFrom));
  std::memcpy(bytes.data() + kSealedFrom - sizeof(checksum), &checksum, sizeof(checksum));
}

LineIndex LineIndex::parse(std::span<const std::byte> bytes) {
  FieldTaker fields(bytes);
  if (fields.take_text(kMagic.size()) != kMagic) {
    throw_damaged("not a line index");
  }
  const auto version = fields.take<std::uint32_t>();
  if (version != kVersion) {
    throw_damaged(fmt::format("version {} instead of {}", version, kVersion));
  }
  const auto checksum = fields.take<std::uint32_t>();
  if (checksum != crc32c(fields.rest())) {
    throw_damaged("its checksum does not match");
  }
  LineIndex index;
  index.source_.size_bytes = fields.take<std::uint64_t>();
  index.source_.modified_ns = fields.take<std::int64_t>();
  index.num_records_ = fields.take<std::uint64_t>();
  const auto num_gaps = fields.take<std::uint64_t>();
  index.content_bytes_ = fields.take<std::uint64_t>();
  const auto content_crc32c = fields.take<std::uint64_t>();
  if (content_crc32c > std::numeric_limits<std::uint32_t>::max()) {
    throw_damaged("a checksum of more than 32 bits");
  }
  index.content_crc32c_ = static_cast<std::uint32_t>(content_crc32c);
  index.content_sha256_ = fields.take_text(kSha256Digits);
  index.source_.path = fields.take_text(fields.take<std::uint64_t>());
  const std::size_t used = bytes.size() - fields.rest().size();
  fields.take_bytes(padded(used) - used);
  index.offsets_ = fields.take_array(index.num_records_, kWord);
  index.check_offsets();
  index.read_gaps(fields.take_array(num_gaps, 2 * kWord));
  if (!fields.rest().empty()) {
    throw_damaged(fmt::format("{} bytes too many", fields.rest().size()));
  }
  return index;
}

void LineIndex::check_offsets() const {
  std::uint64_t least = 0;
  for (std::uint64_t record = 0; record < num_records_; ++record) {
    const std::uint64_t begin = offset(record);
    if (begin < least || begin >= content_bytes_) {
      throw_damaged(fmt::format("record {} begins at {} of {}", record, begin, content_bytes_));
    }
    least = begin + 1;
  }
}

void LineIndex::read_gaps(std::span<const std::byte> bytes) {
  const std::uint64_t num_gaps = bytes.size() / (2 * kWord);
  gaps_.reserve(num_gaps);
  std::uint64_t least = 0;
  std::uint64_t blank_lines = 0;
  for (std::uint64_t gap = 0; gap < num_gaps; ++gap) {
    const std::uint64_t record = load_word(bytes, 2 * gap);
    const std::uint64_t count = load_word(bytes, 2 * gap + 1);
    if (record < least || record > num_records_ || count > content_bytes_ - blank_lines) {
      throw_damaged(fmt::format("{} blank lines before record {}", count, record));
    }
    blank_lines += count;
    gaps_.push_back({record, blank_lines});
    least = record + 1;
  }
}

std::uint64_t LineIndex::offset(std::uint64_t record) const {
  return load_word(offsets_, record);
}

LineIndex::Extent LineIndex::extent(std::uint64_t record) const {
  CHECK(record < num_records_, "record {} of {}", record, num_records_);
  return {offset(record), record + 1 < num_records_ ? offset(record + 1) : content_bytes_};
}

std::uint64_t LineIndex::line_number(std::uint64_t record) const {
  const auto after =
      std::upper_bound(gaps_.begin(), gaps_.end(), record,
                       [](std::uint64_t value, const GapEnd& gap) { return value < gap.record; });
  const std::uint64_t blank_lines = after == gaps_.begin() ? 0 : std::prev(after)->blank_lines;
  return record + 1 + blank_lines;
}

}  // namespace temper::data
