#include "core/hub/ordered_pieces.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/seed.h"

namespace temper::hub {
namespace {

/// Byte i of the source is i * 7.
void read_source(std::uint64_t offset, std::span<std::byte> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>((offset + i) * 7);
  }
}

std::uint64_t check_order(std::uint64_t begin, std::uint64_t end, const PieceOptions& options) {
  std::uint64_t position = begin;
  read_in_order(begin, end, options, read_source, [&](std::span<const std::byte> piece) {
    for (const std::byte byte : piece) {
      ASSERT_EQ(byte, static_cast<std::byte>(position++ * 7));
    }
  });
  return position;
}

TEST(OrderedPiecesTest, ArriveInOrderWhateverTheSizes) {
  std::mt19937_64 random(temper::testing::test_seed());
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t begin = random() % 1000;
    const std::uint64_t end = begin + random() % 5000;
    const PieceOptions options{1 + random() % 700, 1 + random() % 8, 1 + random() % 12};
    EXPECT_EQ(check_order(begin, end, options), end);
  }
}

TEST(OrderedPiecesTest, NoneForAnEmptyRange) {
  EXPECT_EQ(check_order(5, 5, {}), 5U);
}

TEST(OrderedPiecesTest, ReadersStayWithinTheBuffers) {
  std::atomic<std::uint64_t> consumed = 0;
  std::atomic<bool> is_ahead = false;
  read_in_order(
      0, 100, {1, 4, 6},
      [&](std::uint64_t offset, std::span<std::byte>) {
        if (offset >= consumed + 6) {
          is_ahead = true;
        }
      },
      [&](std::span<const std::byte>) { ++consumed; });
  EXPECT_FALSE(is_ahead);
  EXPECT_EQ(consumed, 100U);
}

TEST(OrderedPiecesTest, AReadersFailureComesAfterWhatWasBefore) {
  std::uint64_t consumed = 0;
  const auto run = [&] {
    read_in_order(
        0, 1000, {10, 4, 6},
        [](std::uint64_t offset, std::span<std::byte>) {
          if (offset >= 500) {
            throw std::runtime_error(std::to_string(offset));
          }
        },
        [&](std::span<const std::byte> piece) { consumed += piece.size(); });
  };
  EXPECT_THROW(
      {
        try {
          run();
        } catch (const std::runtime_error& error) {
          EXPECT_STREQ(error.what(), "500");
          throw;
        }
      },
      std::runtime_error);
  EXPECT_EQ(consumed, 500U);
}

TEST(OrderedPiecesTest, AConsumersFailureEndsTheReaders) {
  std::atomic<int> num_reads = 0;
  EXPECT_THROW(
      read_in_order(
          0, 1'000'000, {10, 4, 6}, [&](std::uint64_t, std::span<std::byte>) { ++num_reads; },
          [](std::span<const std::byte>) { throw std::runtime_error("disk full"); }),
      std::runtime_error);
  EXPECT_LE(num_reads, 6);
}

}  // namespace
}  // namespace temper::hub
