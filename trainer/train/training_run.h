#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "trainer/comm/activity.h"
#include "trainer/comm/communicator.h"
#include "trainer/train/open_kernels.h"

namespace temper::train {

struct RunOptions {
  std::filesystem::path run_directory;
  int slot_workers = 1;
  std::string attempt;
  std::vector<std::string> allowed_changes;  ///< of "recipe", "data", "model", "device"
  std::int64_t hold_after_step = 0;          ///< as in LoopSettings
  bool trace = false;                        ///< write a Timeline into the run directory
  OpenKernels open_kernels = open_cpu_kernels;
};

/// The whole life of one rank: reads <run>/resolved.yaml, opens model and data, restores the newest
/// checkpoint if there is one, trains to the end and exports the result. Collective over the
/// communicator. Says in `activity` what it does. Throws what main turns into exit codes.
void run_training(const RunOptions& options, comm::Communicator& communicator, const Logger& logger,
                  Clock& clock, comm::Activity& activity,
                  const std::function<bool()>& stop_requested);

}  // namespace temper::train
