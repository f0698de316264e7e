#include "tests/trainer/comm/communicator_conformance.h"

#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

namespace temper::comm {
namespace {

using Bytes = std::vector<std::byte>;

/// Bytes that tell who sent them to whom.
Bytes pattern(std::size_t size, int from, int to) {
  Bytes bytes(size);
  std::uint32_t state = 1 + static_cast<std::uint32_t>(from * 1000 + to);
  for (std::byte& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

constexpr std::array<std::size_t, 5> kSizes = {0, 1, 4097, 100'003, 1'000'000};

/// A size that differs between pairs of ranks; some are 0.
std::size_t size_between(int from, int to) {
  return kSizes[static_cast<std::size_t>(from * 2 + to * 3) % kSizes.size()];
}

std::vector<Bytes> messages_of(int rank, int num_ranks) {
  std::vector<Bytes> messages;
  for (int to = 0; to < num_ranks; ++to) {
    messages.push_back(pattern(size_between(rank, to), rank, to));
  }
  return messages;
}

TEST_P(CommunicatorConformanceTest, KnowsRankAndSize) {
  GetParam().run([&](Communicator& communicator) {
    EXPECT_EQ(communicator.size(), GetParam().num_ranks);
    EXPECT_GE(communicator.rank(), 0);
    EXPECT_LT(communicator.rank(), communicator.size());
    const auto rank = static_cast<std::uint8_t>(communicator.rank());
    const auto ranks = communicator.all_gather(std::as_bytes(std::span(&rank, 1)));
    ASSERT_EQ(std::ssize(ranks), communicator.size());
    for (std::size_t r = 0; r < ranks.size(); ++r) {
      EXPECT_EQ(ranks[r], Bytes{static_cast<std::byte>(r)}) << "each rank is there once";
    }
  });
}

TEST_P(CommunicatorConformanceTest, BroadcastsFromEveryRoot) {
  GetParam().run([](Communicator& communicator) {
    for (int root = 0; root < communicator.size(); ++root) {
      for (const std::size_t size : kSizes) {
        const Bytes expected = pattern(size, root, 99);
        Bytes bytes = communicator.rank() == root ? expected : Bytes(size, std::byte{0xEE});
        communicator.broadcast(bytes, root);
        EXPECT_TRUE(bytes == expected) << size << " bytes from rank " << root;
      }
    }
  });
}

TEST_P(CommunicatorConformanceTest, GathersPartsOfDifferentSizes) {
  GetParam().run([](Communicator& communicator) {
    for (int round = 0; round < 5; ++round) {
      const Bytes own =
          pattern(size_between(communicator.rank(), round), communicator.rank(), round);
      const auto parts = communicator.all_gather(own);
      ASSERT_EQ(std::ssize(parts), communicator.size());
      for (int r = 0; r < communicator.size(); ++r) {
        EXPECT_TRUE(parts[static_cast<std::size_t>(r)] == pattern(size_between(r, round), r, round))
            << "from rank " << r << " in round " << round;
      }
    }
  });
}

TEST_P(CommunicatorConformanceTest, ExchangesMessagesOfUnknownSizes) {
  GetParam().run([](Communicator& communicator) {
    const int rank = communicator.rank();
    const auto messages = messages_of(rank, communicator.size());
    const auto received = communicator.all_to_all({messages.begin(), messages.end()});
    ASSERT_EQ(std::ssize(received), communicator.size());
    for (int r = 0; r < communicator.size(); ++r) {
      EXPECT_TRUE(received[static_cast<std::size_t>(r)] == pattern(size_between(r, rank), r, rank))
          << "from rank " << r;
    }
  });
}

TEST_P(CommunicatorConformanceTest, ExchangesIntoBuffersOfTheCaller) {
  GetParam().run([](Communicator& communicator) {
    const int rank = communicator.rank();
    const auto messages = messages_of(rank, communicator.size());
    std::vector<Bytes> buffers;
    for (int r = 0; r < communicator.size(); ++r) {
      buffers.emplace_back(size_between(r, rank));
    }
    communicator.all_to_all_into({messages.begin(), messages.end()},
                                 {buffers.begin(), buffers.end()});
    for (int r = 0; r < communicator.size(); ++r) {
      EXPECT_TRUE(buffers[static_cast<std::size_t>(r)] == pattern(size_between(r, rank), r, rank))
          << "from rank " << r;
    }
  });
}

TEST_P(CommunicatorConformanceTest, GathersChunksInPlace) {
  GetParam().run([](Communicator& communicator) {
    for (int round = 0; round < 5; ++round) {
      std::vector<std::size_t> offsets = {0};
      Bytes expected;
      for (int r = 0; r < communicator.size(); ++r) {
        const Bytes chunk = pattern(size_between(r, round), r, round);
        expected.insert(expected.end(), chunk.begin(), chunk.end());
        offsets.push_back(expected.size());
      }
      const auto own = static_cast<std::size_t>(communicator.rank());
      Bytes all(expected.size(), std::byte{0xEE});
      for (std::size_t i = offsets[own]; i < offsets[own + 1]; ++i) {
        all[i] = expected[i];
      }
      communicator.all_gather_into(all, offsets);
      EXPECT_TRUE(all == expected) << "round " << round;
    }
  });
}

TEST_P(CommunicatorConformanceTest, MovesFortyMegabytes) {
  GetParam().run([](Communicator& communicator) {
    constexpr std::size_t kSize = 40'000'001;
    const auto num_ranks = static_cast<std::size_t>(communicator.size());
    const Bytes message = pattern(kSize / num_ranks, communicator.rank(), 0);
    const std::vector<std::span<const std::byte>> send(num_ranks, message);
    std::vector<Bytes> buffers(num_ranks, Bytes(message.size()));
    communicator.all_to_all_into(send, {buffers.begin(), buffers.end()});
    std::vector<std::size_t> offsets(num_ranks + 1);
    for (std::size_t r = 0; r < num_ranks; ++r) {
      EXPECT_TRUE(buffers[r] == pattern(message.size(), static_cast<int>(r), 0));
      offsets[r + 1] = offsets[r] + message.size();
    }
    Bytes all(offsets.back());
    const auto own = static_cast<std::size_t>(communicator.rank());
    std::copy(message.begin(), message.end(),
              all.begin() + static_cast<std::ptrdiff_t>(offsets[own]));
    communicator.all_gather_into(all, offsets);
    for (std::size_t r = 0; r < num_ranks; ++r) {
      EXPECT_TRUE(std::equal(buffers[r].begin(), buffers[r].end(),
                             all.begin() + static_cast<std::ptrdiff_t>(offsets[r])));
    }
  });
}

// Buffers are reused at once, as the ordered sum does: an operation must be over when it returns.
TEST_P(CommunicatorConformanceTest, IsDoneWithTheBuffersWhenItReturns) {
  GetParam().run([](Communicator& communicator) {
    const auto num_ranks = static_cast<std::size_t>(communicator.size());
    std::vector<Bytes> outgoing(num_ranks, Bytes(3001));
    std::vector<Bytes> incoming(num_ranks, Bytes(3001));
    for (int round = 0; round < 200; ++round) {
      for (Bytes& message : outgoing) {
        message.assign(message.size(), static_cast<std::byte>(round + communicator.rank()));
      }
      communicator.all_to_all_into({outgoing.begin(), outgoing.end()},
                                   {incoming.begin(), incoming.end()});
      for (std::size_t r = 0; r < num_ranks; ++r) {
        const auto expected = static_cast<std::byte>(round + static_cast<int>(r));
        ASSERT_TRUE(incoming[r] == Bytes(3001, expected)) << "round " << round;
      }
    }
  });
}

TEST_P(CommunicatorConformanceTest, KeepsOperationsInOrder) {
  GetParam().run([](Communicator& communicator) {
    for (int round = 0; round < 50; ++round) {
      const auto value = static_cast<std::uint8_t>(round * 7 + communicator.rank());
      const auto all = communicator.all_gather(std::as_bytes(std::span(&value, 1)));
      std::uint8_t first = static_cast<std::uint8_t>(round);
      communicator.broadcast(std::as_writable_bytes(std::span(&first, 1)),
                             round % communicator.size());
      communicator.barrier();
      EXPECT_EQ(static_cast<int>(all[0][0]), (round * 7) % 256);
      EXPECT_EQ(first, round);
    }
  });
}

}  // namespace
}  // namespace temper::comm
