#include "core/data/compression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/base/error.h"
#include "tests/core/data/compressed_text.h"
#include "tests/support/seed.h"

namespace temper::data {
namespace {

std::string decompressed(std::string_view compressed, Compression compression) {
  std::string text;
  decompress(std::as_bytes(std::span(compressed)), compression, "a.jsonl",
             [&](std::span<const std::byte> piece) {
               text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
             });
  return text;
}

struct Format {
  std::string name;
  Compression compression;
  std::string (*compress)(std::string_view);
};

class CompressionTest : public ::testing::TestWithParam<Format> {
 protected:
  std::string compress(std::string_view text) const { return GetParam().compress(text); }
  std::string restore(std::string_view bytes) const {
    return decompressed(bytes, GetParam().compression);
  }
};

TEST_P(CompressionTest, RestoresTheContent) {
  std::mt19937_64 random(testing::test_seed());
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, kPiece - 1,
                                 kPiece, kPiece + 1, 3 * kPiece}) {
    std::string text(size, ' ');
    for (char& byte : text) {
      byte = static_cast<char>('a' + random() % 4);
    }
    EXPECT_TRUE(restore(compress(text)) == text) << size << " bytes";
    EXPECT_TRUE(restore(compress(std::string(size, 'x'))) == std::string(size, 'x')) << size;
  }
}

TEST_P(CompressionTest, JoinsMembersThatFollowEachOther) {
  EXPECT_EQ(restore(compress("one\n") + compress("") + compress("two\n")), "one\ntwo\n");
}

TEST_P(CompressionTest, RefusesEveryTruncation) {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += std::to_string(i * i) + "\n";
  }
  const std::string compressed = compress(text);
  for (std::size_t size = 0; size < compressed.size(); ++size) {
    EXPECT_THROW(restore(compressed.substr(0, size)), FatalError) << size << " bytes";
  }
}

TEST_P(CompressionTest, RefusesWhatFollowsTheEnd) {
  EXPECT_THROW(restore(compress("one\n") + "garbage that is no member"), FatalError);
}

TEST_P(CompressionTest, NamesTheFileAndTheBytePositionOfDamage) {
  std::string compressed = compress(std::string(100, 'x'));
  compressed[0] = 'X';
  try {
    restore(compressed);
    FAIL() << "damage went unnoticed";
  } catch (const FatalError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("a.jsonl: damaged at byte "));
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, CompressionTest,
                         ::testing::Values(Format{"gzip", Compression::kGzip, gzip},
                                           Format{"zstd", Compression::kZstd, zstd}),
                         [](const auto& format) { return format.param.name; });

TEST(CompressionOfTest, GoesByTheEnding) {
  EXPECT_EQ(compression_of("a/b.jsonl"), Compression::kNone);
  EXPECT_EQ(compression_of("a/b.jsonl.gz"), Compression::kGzip);
  EXPECT_EQ(compression_of("a.gz/b.zst"), Compression::kZstd);
}

// The checksum of gzip's content is in its trailer: a changed bit is noticed at the end at the
// latest.
TEST(GzipTest, NoticesEveryFlippedByte) {
  const std::string compressed = gzip("some text that is long enough to be worth it, worth it");
  constexpr std::size_t kHeaderBytes = 10;  // its time, system and flags are not checked
  for (std::size_t i = kHeaderBytes; i < compressed.size(); ++i) {
    std::string damaged = compressed;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_THROW(decompressed(damaged, Compression::kGzip), FatalError) << "byte " << i;
  }
}

}  // namespace
}  // namespace temper::data
