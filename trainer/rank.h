#pragma once

#include "core/base/error.h"
#include "trainer/train/stop_signal.h"
#include "trainer/train/training_run.h"

namespace temper {

/// How one rank is started.
struct RankArguments {
  train::RunOptions run;
  int ranks = 1;
  bool gpus = false;  ///< each rank has one of its own
  double heartbeat_timeout_seconds = 30;
  double meeting_timeout_seconds = 600;
};

/// One rank's life: meets the others, trains with them under the watch of heartbeats, says how it
/// goes. Returns the exit code of a run that is done or was asked to stop. A rank that fails ends
/// the process here: its peers wait in a collective, and MPI's farewell would wait for them.
ExitCode run_rank(RankArguments& arguments, train::StopSignal& stop);

}  // namespace temper
