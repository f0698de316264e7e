#include "core/base/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <span>
#include <string_view>
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
  std::vector<std::byte> bytes(90'000);  // some take the kernel's long blocks
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

TEST(Crc32cCombineTest, GivesTheSumOfBothPieces) {
  std::mt19937_64 random(testing::test_seed());
  std::vector<std::byte> bytes(3000);
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(random());
  }
  const std::span<const std::byte> all(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 1 + random() % 40) {
    const auto second = all.subspan(cut);
    ASSERT_EQ(crc32c_combine(crc32c(all.first(cut)), crc32c(second), second.size()), crc32c(all))
        << cut;
  }
}

}  // namespace
}  // namespace temper
