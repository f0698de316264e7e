#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "trainer/comm/communicator.h"
#include "trainer/comm/tcp_rendezvous.h"

namespace temper::comm {

/// A port of this machine that nobody listens on now.
int free_port();

/// Rank `rank` of `size` that meet at `port` of this machine.
TcpMeeting local_meeting(int rank, int size, int port);

/// Two ends of one connection, as rank 0 (first) and rank 1 of a world of two have them.
struct PeerPair {
  std::vector<TcpPeer> of_rank_0;
  std::vector<TcpPeer> of_rank_1;
};
PeerPair connected_pair();

/// Runs `body` on threads, each a rank that meets the others over TCP. Throws the first error.
void run_tcp_threads(int size, const std::function<void(Communicator&)>& body,
                     std::chrono::milliseconds patience = std::chrono::seconds(60));

/// The message of the RetryableError that `work` throws, or "no error".
std::string retryable_error_of(const std::function<void()>& work);

}  // namespace temper::comm
