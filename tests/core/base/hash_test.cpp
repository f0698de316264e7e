#include "core/base/hash.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/support/seed.h"

namespace temper {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> counting(int first, int step) {
  std::vector<std::byte> bytes;
  for (int i = 0; i < 32; ++i) {
    bytes.push_back(static_cast<std::byte>(first + i * step));
  }
  return bytes;
}

using Crc32c = std::uint32_t (*)(std::span<const std::byte>, std::uint32_t);

class Crc32cTest : public ::testing::TestWithParam<Crc32c> {};

TEST_P(Crc32cTest, GivesThePublishedValues) {  // RFC 3720 B.4
  const Crc32c crc = GetParam();
  EXPECT_EQ(crc(std::vector<std::byte>(32), 0), 0x8A9136AAU);
  EXPECT_EQ(crc(std::vector<std::byte>(32, std::byte{0xFF}), 0), 0x62A8AB43U);
  EXPECT_EQ(crc(counting(0, 1), 0), 0x46DD794EU);
  EXPECT_EQ(crc(counting(31, -1), 0), 0x113FDB5CU);
  EXPECT_EQ(crc(bytes_of("123456789"), 0), 0xE3069283U);
  EXPECT_EQ(crc({}, 0), 0U);
}

TEST_P(Crc32cTest, ContinuesFromASeed) {
  const auto bytes = bytes_of("The quick brown fox jumps over the lazy dog");
  const std::span<const std::byte> all(bytes);
  const std::uint32_t whole = GetParam()(all, 0);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const std::uint32_t first = GetParam()(all.first(cut), 0);
    EXPECT_EQ(GetParam()(all.subspan(cut), first), whole) << cut;
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Crc32cTest, ::testing::Values(&crc32c, &crc32c_portable),
                         [](const auto& test) { return test.index == 0 ? "Fastest" : "Portable"; });

TEST(Crc32cKernelsTest, AgreeOnAnyLengthAndAlignment) {
  std::mt19937_64 random(testing::test_seed());
  std::vector<std::byte> bytes(5000);
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(random());
  }
  for (int round = 0; round < 500; ++round) {
    const std::size_t begin = random() % 64;
    const std::size_t size = random() % (bytes.size() - begin);
    const auto piece = std::span<const std::byte>(bytes).subspan(begin, size);
    const auto seed = static_cast<std::uint32_t>(random());
    ASSERT_EQ(crc32c(piece, seed), crc32c_portable(piece, seed)) << begin << " " << size;
  }
}

TEST(Sha256Test, GivesThePublishedValues) {  // FIPS 180-4 examples
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesGiveTheHashOfTheWhole) {
  const auto bytes = bytes_of(std::string(1000, 'x'));
  Sha256 hash;
  for (std::size_t begin = 0; begin < bytes.size(); begin += 37) {
    hash.update(std::span(bytes).subspan(begin, std::min<std::size_t>(37, bytes.size() - begin)));
  }
  Sha256 moved = std::move(hash);
  EXPECT_EQ(moved.hex_digest(), sha256_hex(bytes));
}

}  // namespace
}  // namespace temper
