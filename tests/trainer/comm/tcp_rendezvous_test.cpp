#include "trainer/comm/tcp_rendezvous.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>

#include "core/base/error.h"
#include "tests/trainer/comm/tcp_ranks.h"
#include "trainer/comm/tcp_communicator.h"
#include "trainer/comm/tcp_frame.h"
#include "trainer/comm/tcp_greeting.h"
#include "trainer/comm/tcp_socket.h"

namespace temper::comm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A connection to rank 0 that says `bytes` and stays open.
UniqueFd stranger_at(int port, std::span<const std::byte> bytes) {
  SystemClock clock;
  const auto deadline = clock.steady_now() + std::chrono::seconds(10);
  while (true) {
    try {
      UniqueFd socket = connect_to("127.0.0.1", port, clock, deadline);
      send_all(socket, bytes, clock, deadline);
      return socket;
    } catch (const RetryableError&) {
      clock.sleep_for(std::chrono::milliseconds(5));  // rank 0 does not listen yet
    }
  }
}

TEST(TcpRendezvousTest, StrangersDoNotDisturbTheMeeting) {
  const int port = free_port();
  SystemClock clock;
  std::jthread rank_0([&] {
    SystemClock own_clock;
    EXPECT_EQ(meet(local_meeting(0, 2, port), own_clock).size(), 2U);
  });
  const std::string http = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const auto huge = encode({FrameKind::kHello, 0, kMaxFrameBytes});
  const auto beat = frame_bytes(FrameKind::kBeat, "{}");
  const auto no_json = frame_bytes(FrameKind::kHello, "{{{");
  auto chatty = frame_bytes(FrameKind::kHello,
                            to_json(Hello{Purpose::kJoin, "run-of-a-test", "", 1, 2, "liar", 1}));
  chatty.push_back(std::byte{0});
  const auto other = frame_bytes(
      FrameKind::kHello, to_json(Hello{Purpose::kJoin, "another run", "", 1, 2, "other", 1}));
  std::vector<UniqueFd> strangers;
  strangers.push_back(stranger_at(port, {}));
  strangers.push_back(stranger_at(port, std::as_bytes(std::span(http))));
  strangers.push_back(stranger_at(port, huge));
  strangers.push_back(stranger_at(port, std::span(huge).first(10)));
  strangers.push_back(stranger_at(port, beat));
  strangers.push_back(stranger_at(port, no_json));
  strangers.push_back(stranger_at(port, chatty));
  strangers.push_back(stranger_at(port, other));
  const auto began = clock.steady_now();
  EXPECT_EQ(meet(local_meeting(1, 2, port), clock).size(), 2U);
  EXPECT_LT(clock.steady_now() - began, std::chrono::seconds(5));
}

TEST(TcpRendezvousTest, RanksOfAnotherRunDoNotMeet) {
  const int port = free_port();
  SystemClock clock;
  TcpMeeting rank_0 = local_meeting(0, 2, port);
  rank_0.patience = std::chrono::milliseconds(900);
  std::jthread host([&] {
    SystemClock own_clock;
    EXPECT_THAT(retryable_error_of([&] { meet(rank_0, own_clock); }),
                HasSubstr("ranks 1 did not come"));
  });
  TcpMeeting other = local_meeting(1, 2, port);
  other.run = "another run";
  other.patience = std::chrono::milliseconds(600);
  EXPECT_THAT(retryable_error_of([&] { meet(other, clock); }),
              AllOf(HasSubstr("rank 1 of 2"), HasSubstr("another run meets")));
}

TEST(TcpRendezvousTest, AnotherNumberOfRanksIsAUserError) {
  const int port = free_port();
  SystemClock clock;
  std::jthread host([&] {
    SystemClock own_clock;
    EXPECT_THROW(meet(local_meeting(0, 2, port), own_clock), UserError);
  });
  try {
    meet(local_meeting(1, 3, port), clock);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("for 2 ranks"), HasSubstr("for 3")));
  }
}

TEST(TcpRendezvousTest, ARankThatNeverComesIsNamed) {
  SystemClock clock;
  TcpMeeting alone = local_meeting(0, 3, free_port());
  alone.patience = std::chrono::milliseconds(100);
  EXPECT_THAT(retryable_error_of([&] { meet(alone, clock); }), HasSubstr("ranks 1, 2"));
  TcpMeeting other = local_meeting(2, 3, free_port());
  other.patience = std::chrono::milliseconds(100);
  EXPECT_THAT(retryable_error_of([&] { meet(other, clock); }),
              AllOf(HasSubstr("rank 0 at 127.0.0.1"), HasSubstr("Connection refused")));
}

TEST(TcpRendezvousTest, ARankThatDiedWhileWaitingIsReplaced) {
  const int port = free_port();
  std::jthread host([&] {
    SystemClock own_clock;
    EXPECT_EQ(meet(local_meeting(0, 3, port), own_clock).size(), 3U);
  });
  {
    const UniqueFd dead = stranger_at(
        port, frame_bytes(FrameKind::kHello,
                          to_json(Hello{Purpose::kJoin, "run-of-a-test", "", 1, 3, "dead", 9})));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // until it is taken in
  }
  std::jthread rank_2([&] {
    SystemClock own_clock;
    meet(local_meeting(2, 3, port), own_clock);
  });
  SystemClock clock;
  EXPECT_EQ(meet(local_meeting(1, 3, port), clock).size(), 3U);
}

TEST(TcpRendezvousTest, ASecondRankOfTheSameNumberIsRefused) {
  const int port = free_port();
  std::jthread host([&] {
    SystemClock own_clock;
    meet(local_meeting(0, 3, port), own_clock);
  });
  std::jthread rank_1([&] {
    SystemClock own_clock;
    meet(local_meeting(1, 3, port), own_clock);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  TcpMeeting second = local_meeting(1, 3, port);
  second.patience = std::chrono::seconds(2);
  SystemClock clock;
  EXPECT_THAT(retryable_error_of([&] { meet(second, clock); }), HasSubstr("already there"));
  meet(local_meeting(2, 3, port), clock);
}

TEST(TcpSocketTest, APortThatIsTakenIsARetryableError) {
  const UniqueFd first = listen_on(0);
  EXPECT_THAT(retryable_error_of([&] { listen_on(port_of(first)); }),
              HasSubstr("can't listen on port"));
}

}  // namespace
}  // namespace temper::comm
