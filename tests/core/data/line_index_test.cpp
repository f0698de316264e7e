#include "core/data/line_index.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "tests/support/seed.h"

namespace temper::data {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

LineScanner scan(std::string_view content, std::size_t piece_bytes = 1U << 20) {
  LineScanner lines;
  while (!content.empty()) {
    lines.feed(bytes_of(content.substr(0, piece_bytes)));
    content.remove_prefix(std::min(piece_bytes, content.size()));
  }
  lines.finish();
  return lines;
}

std::vector<std::byte> index_of(std::string_view content) {
  return LineIndex::serialize({"/data/a.jsonl", 77, -5}, scan(content), content.size(), 0xABCDEF01,
                              std::string(64, 'd'));
}

/// "line:begin" of each record.
std::vector<std::string> records_of(std::string_view content) {
  const auto bytes = index_of(content);
  const LineIndex index = LineIndex::parse(bytes);
  std::vector<std::string> records;
  for (std::uint64_t i = 0; i < index.num_records(); ++i) {
    records.push_back(std::to_string(index.line_number(i)) + ":" +
                      std::to_string(index.extent(i).begin));
  }
  return records;
}

using Records = std::vector<std::string>;

TEST(LineScannerTest, FindsLinesWithAndWithoutALastNewline) {
  EXPECT_EQ(records_of("a\nbb\nc\n"), (Records{"1:0", "2:2", "3:5"}));
  EXPECT_EQ(records_of("a\nbb\nc"), (Records{"1:0", "2:2", "3:5"}));
  EXPECT_EQ(records_of(""), Records{});
}

TEST(LineScannerTest, SkipsBlankLinesButCountsThem) {
  EXPECT_EQ(records_of("\n \t\r\na\r\n\r\n\n\nb\n\n"), (Records{"3:5", "7:12"}));
  EXPECT_EQ(records_of("\n\n  "), Records{});
}

TEST(LineScannerTest, LeavesAByteOrderMarkOut) {
  EXPECT_EQ(records_of("\xEF\xBB\xBF{}\n{}\n"), (Records{"1:3", "2:6"}));
  EXPECT_EQ(records_of("\xEF\xBB\xBF"), Records{});
  EXPECT_EQ(records_of("\xEF\xBBx\n"), (Records{"1:0"})) << "half a mark is damaged text";
  EXPECT_EQ(records_of("\xEF\xBB"), (Records{"1:0"}));
  EXPECT_EQ(records_of("\xEF\n"), (Records{"1:0"}));
}

TEST(LineScannerTest, DoesNotDependOnHowTheContentIsCut) {
  std::mt19937_64 random(testing::test_seed());
  constexpr std::string_view kAlphabet = "a\n \r\xEF\xBB\xBF";
  for (int round = 0; round < 2000; ++round) {
    std::string content;
    for (std::uint64_t size = random() % 20; content.size() < size;) {
      content += kAlphabet[random() % kAlphabet.size()];
    }
    const LineScanner whole = scan(content);
    const LineScanner cut = scan(content, 1 + random() % 4);
    ASSERT_EQ(whole.offsets(), cut.offsets());
    ASSERT_EQ(whole.gaps().size(), cut.gaps().size());
  }
}

TEST(LineIndexTest, KeepsWhatItWasMadeFrom) {
  const auto bytes = index_of("one\n\ntwo\n");
  const LineIndex index = LineIndex::parse(bytes);
  EXPECT_EQ(index.source(), (SourceIdentity{"/data/a.jsonl", 77, -5}));
  EXPECT_EQ(index.num_records(), 2U);
  EXPECT_EQ(index.content_bytes(), 9U);
  EXPECT_EQ(index.content_crc32c(), 0xABCDEF01U);
  EXPECT_EQ(index.content_sha256(), std::string(64, 'd'));
  EXPECT_EQ(index.extent(0).limit, 5U);
  EXPECT_EQ(index.extent(1).limit, 9U);
}

TEST(LineIndexTest, RefusesEveryTruncationAndEveryFlippedBit) {
  const auto bytes = index_of("one\n\ntwo\nthree\n");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(LineIndex::parse(std::span(bytes).first(size)), FatalError) << size << " bytes";
  }
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_THROW(LineIndex::parse(damaged), FatalError) << "bit " << bit;
  }
}

// Past the checksum: a header that was sealed but lies. The words from byte 16 on are: source
// bytes, time, records, gaps, content bytes, CRC, digest (8), path bytes, path (2), offsets, gaps.
TEST(LineIndexTest, RefusesSealedHostileNumbers) {
  const auto bytes = index_of("one\n\ntwo\nthree\n");
  constexpr std::size_t kRecords = 32, kGaps = 40, kPathBytes = 128, kOffsets = 152;
  std::vector<std::size_t> words = {kRecords, kGaps, kPathBytes};
  for (std::size_t word = kOffsets; word < bytes.size(); word += sizeof(std::uint64_t)) {
    words.push_back(word);
  }
  for (const std::size_t word : words) {
    for (const int shift : {63, 61, 32}) {
      auto hostile = bytes;
      const std::uint64_t value = std::uint64_t{1} << shift;
      std::memcpy(hostile.data() + word, &value, sizeof(value));
      LineIndex::seal(hostile);
      EXPECT_THROW(LineIndex::parse(hostile), FatalError) << "byte " << word << " shift " << shift;
    }
  }
}

}  // namespace
}  // namespace temper::data
