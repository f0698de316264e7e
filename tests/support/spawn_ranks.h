#pragma once

#include <chrono>
#include <functional>

#include "trainer/comm/communicator.h"

namespace temper::testing {

/// Runs `body` on `num_ranks` threads, each a rank of one group, and waits for all. If a rank
/// throws, the others' operations fail (as with a lost peer) and the exception of the rank that
/// threw first is thrown again. A rank that waits for another longer than `timeout` fails likewise.
void spawn_ranks(int num_ranks, const std::function<void(comm::Communicator&)>& body,
                 std::chrono::milliseconds timeout = std::chrono::seconds(60));

}  // namespace temper::testing
