#pragma once

#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "trainer/comm/communicator.h"
#include "trainer/comm/heartbeat_link.h"

namespace temper::comm {

/// Collective: connects every rank with rank 0 by a connection of its own, at whichever of rank 0's
/// addresses answers, both ends sure of the other by a nonce that went over the communicator. Rank
/// 0 gets a link to each other rank, the others one to rank 0. Nothing on all ranks, with a
/// warning, unless all are connected after kPatience.
std::vector<HeartbeatLink> open_heartbeat_channel(Communicator& communicator, const Logger& logger,
                                                  Clock& clock);

}  // namespace temper::comm
