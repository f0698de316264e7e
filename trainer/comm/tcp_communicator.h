#pragma once

#include <chrono>
#include <memory>

#include "core/base/clock.h"
#include "trainer/comm/communicator.h"
#include "trainer/comm/tcp_rendezvous.h"

namespace temper::comm {

/// A rank may come to an operation so much later than its peers: one of them may be writing the
/// result meanwhile. Heartbeats notice dead and frozen ranks long before.
inline constexpr std::chrono::minutes kTcpPatience{60};

/// Ranks that meet over TCP (tcp_rendezvous.h), one connection between each two. A rank sends what
/// each other one needs straight to it. The clock outlives it. After a failed operation all
/// connections are closed, so that the other ranks fail too.
std::unique_ptr<Communicator> open_tcp_communicator(
    const TcpMeeting& meeting, Clock& clock, std::chrono::nanoseconds patience = kTcpPatience);

/// The same over connections that are there: peers[rank].socket is invalid.
std::unique_ptr<Communicator> make_tcp_communicator(
    int rank, std::vector<TcpPeer> peers, Clock& clock,
    std::chrono::nanoseconds patience = kTcpPatience);

}  // namespace temper::comm
