#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "trainer/comm/tcp_frame.h"
#include "trainer/comm/tcp_rendezvous.h"

namespace temper::comm {

/// What one operation moves between this rank and one other: at most one frame each way.
struct TcpTransfer {
  int peer = 0;
  std::optional<std::span<const std::byte>> send;
  std::optional<std::span<std::byte>> into;  ///< the frame must have this size
  std::vector<std::byte>* append = nullptr;  ///< or any size, put here
};

/// Moves all transfers at the same time, in both directions, as the sockets can (poll(2)): no order
/// of ranks can make it wait for ever. Memory for `append` grows with what arrives, not with what a
/// header claims.
///
/// RetryableError naming operation, rank and host of the peer if a connection ends, if what comes
/// belongs to another operation, or if no byte moves for `patience`.
void exchange(std::vector<TcpPeer>& peers, std::vector<TcpTransfer> transfers, FrameKind operation,
              std::uint64_t sequence, std::chrono::nanoseconds patience, Clock& clock);

}  // namespace temper::comm
