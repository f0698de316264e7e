#pragma once

#include "core/base/unique_fd.h"

namespace temper::train {

/// SIGTERM, SIGINT and SIGUSR2 as something to ask about. Make it in main before any thread starts:
/// it blocks the signals for the calling thread and all that come after (signalfd(2)).
class StopSignal {
 public:
  StopSignal();
  /// True once one of the signals has arrived, and for ever after. One thread at a time.
  bool requested();

 private:
  UniqueFd fd_;
  bool requested_ = false;
};

}  // namespace temper::train
