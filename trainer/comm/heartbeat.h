#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "trainer/comm/activity.h"
#include "trainer/comm/communicator.h"
#include "trainer/comm/heartbeat_monitor.h"

namespace temper::comm {

/// What a heartbeat works with; all outlive it.
struct HeartbeatParts {
  Communicator& communicator;
  const Activity& activity;
  const Logger& logger;
  Clock& clock;
  /// Called once, in the heartbeat's own thread, when a rank is lost and the others know it. The
  /// communicator may be stuck for ever then: leave the process by std::_Exit.
  std::function<void(const Loss&)> on_loss;
};

/// The control channel of a world of several ranks, beside its collectives and of no concern to
/// them: every rank beats to rank 0 and rank 0 to every rank, over connections of their own and by
/// threads of their own. Rank 0 judges the others and tells all of a loss; the others judge rank 0.
class Heartbeat {
 public:
  /// Collective. nullptr for a single rank, and on all ranks, with a warning, if not every rank can
  /// reach rank 0. Uses the communicator only until it returns.
  static std::unique_ptr<Heartbeat> start(const HeartbeatParts& parts,
                                          const HeartbeatSettings& settings);

  /// Leaves without a word, if leave() was not called: to the others this rank died.
  virtual ~Heartbeat() = default;

  /// Says goodbye and stops beating. With RetryableError's code this waits a moment first: the
  /// failure may well be what a lost rank does to its peers, and on_loss then tells which.
  virtual void leave(const Farewell& farewell) = 0;
};

}  // namespace temper::comm
