// What hostile and broken peers do to an operation: every one ends with an error that names it.

#include "trainer/comm/tcp_exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/base/error.h"
#include "tests/trainer/comm/tcp_ranks.h"
#include "trainer/comm/tcp_communicator.h"
#include "trainer/comm/tcp_socket.h"

namespace temper::comm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Bytes = std::vector<std::byte>;

/// Rank 0's all_gather with a rank 1 that sends `bytes` and then closes, or stays and says nothing.
std::string error_after(std::span<const std::byte> bytes, bool closes,
                        std::chrono::milliseconds patience = std::chrono::seconds(20)) {
  PeerPair pair = connected_pair();
  SystemClock clock;
  send_all(pair.of_rank_1[0].socket, bytes, clock, clock.steady_now() + std::chrono::seconds(5));
  if (closes) {
    pair.of_rank_1.clear();
  }
  const auto communicator = make_tcp_communicator(0, std::move(pair.of_rank_0), clock, patience);
  return retryable_error_of([&] { communicator->all_gather(Bytes(3)); });
}

Bytes all_gather_frame(std::uint64_t sequence, std::size_t size) {
  const HeaderBytes header = encode({FrameKind::kAllGather, sequence, size});
  Bytes bytes(header.begin(), header.end());
  bytes.resize(bytes.size() + size, std::byte{7});
  return bytes;
}

TEST(TcpExchangeTest, EveryTruncatedFrameIsALostPeer) {
  const Bytes whole = all_gather_frame(1, 5);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(error_after(std::span(whole).first(size), true),
                AllOf(HasSubstr("rank 0 of 2"), HasSubstr("all_gather with rank 1 (host-1)")))
        << size;
  }
}

TEST(TcpExchangeTest, AWholeFrameOfAPeerThatLeavesThenIsGood) {
  EXPECT_EQ(error_after(all_gather_frame(1, 5), false), "no error");
}

TEST(TcpExchangeTest, OtherOperationsAreNotTakenForThisOne) {
  EXPECT_THAT(error_after(all_gather_frame(2, 5), false), HasSubstr("at operation 2, all_gather"));
  EXPECT_THAT(error_after(encode({FrameKind::kBarrier, 1, 0}), false),
              HasSubstr("at operation 1, barrier"));
}

TEST(TcpExchangeTest, WrongMagicIsNamed) {
  const std::string text = "HTTP/1.1 400 Bad Request\r\n\r\n";
  EXPECT_THAT(error_after(std::as_bytes(std::span(text)), false),
              AllOf(HasSubstr("rank 1 (host-1)"), HasSubstr("no frame of Temper")));
}

TEST(TcpExchangeTest, HugeSizesCostNoMemory) {
  EXPECT_THAT(error_after(encode({FrameKind::kAllGather, 1, kMaxFrameBytes + 1}), false),
              HasSubstr("more than any"));
  // Allowed, but it never comes: a terabyte must not be allocated for it.
  EXPECT_THAT(error_after(encode({FrameKind::kAllGather, 1, kMaxFrameBytes}), true),
              HasSubstr("closed the connection"));
}

TEST(TcpExchangeTest, ASilentPeerIsGivenUp) {
  EXPECT_THAT(error_after({}, false, std::chrono::milliseconds(50)),
              AllOf(HasSubstr("with rank 1 (host-1)"), HasSubstr("no byte moved")));
}

TEST(TcpExchangeTest, AnotherSizeThanExpectedIsRefused) {
  PeerPair pair = connected_pair();
  SystemClock clock;
  send_all(pair.of_rank_1[0].socket, encode({FrameKind::kBroadcast, 1, 4}), clock,
           clock.steady_now() + std::chrono::seconds(5));
  const auto communicator = make_tcp_communicator(0, std::move(pair.of_rank_0), clock);
  Bytes bytes(3);
  EXPECT_THAT(retryable_error_of([&] { communicator->broadcast(bytes, 1); }),
              HasSubstr("4 bytes for 3"));
}

TEST(TcpExchangeTest, AfterAFailureNothingWorksAndThePeersNotice) {
  PeerPair pair = connected_pair();
  SystemClock clock;
  const auto communicator =
      make_tcp_communicator(0, std::move(pair.of_rank_0), clock, std::chrono::milliseconds(50));
  EXPECT_THAT(retryable_error_of([&] { communicator->barrier(); }), HasSubstr("no byte moved"));
  EXPECT_THAT(retryable_error_of([&] { communicator->barrier(); }), HasSubstr("earlier operation"));
  const auto other = make_tcp_communicator(1, std::move(pair.of_rank_1), clock);
  EXPECT_THAT(retryable_error_of([&] {
                other->barrier();  // what rank 0 had sent still arrives
                other->barrier();
              }),
              HasSubstr("rank 0 (host-0)"));
}

// Far more than sockets buffer, both ways at once: sending must not wait for receiving.
TEST(TcpExchangeTest, BothDirectionsMoveAtTheSameTime) {
  PeerPair pair = connected_pair();
  const auto run = [](int rank, std::vector<TcpPeer> peers) {
    SystemClock clock;
    const auto communicator = make_tcp_communicator(rank, std::move(peers), clock);
    const Bytes own(50'000'000, static_cast<std::byte>(rank + 1));
    const auto parts = communicator->all_gather(own);
    EXPECT_EQ(parts[0].size(), own.size());
    EXPECT_EQ(parts[1].back(), std::byte{2});
  };
  std::jthread rank_1(run, 1, std::move(pair.of_rank_1));
  run(0, std::move(pair.of_rank_0));
}

TEST(TcpExchangeTest, ALostRankFailsTheOthers) {
  const std::string error = retryable_error_of([] {
    run_tcp_threads(3, [](Communicator& communicator) {
      communicator.barrier();
      if (communicator.rank() != 1) {
        communicator.barrier();
      }
    });
  });
  EXPECT_THAT(error, AllOf(HasSubstr("tcp barrier with rank"), HasSubstr("(")));
}

}  // namespace
}  // namespace temper::comm
