#pragma once

#include <functional>

#include "trainer/comm/communicator.h"

namespace temper::checkpoint {

/// Runs `step` on this rank and then agrees with the others: if it threw on any, every rank throws
/// the lowest such rank's error (same exit code, message "rank 2: …"), so nobody waits for a rank
/// that has left. All ranks call it together; `step` must not communicate.
void run_together(comm::Communicator& communicator, const std::function<void()>& step);

}  // namespace temper::checkpoint
