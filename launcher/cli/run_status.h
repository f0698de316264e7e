#pragma once

#include <string>

#include "launcher/backends/backend.h"
#include "launcher/backends/progress_follower.h"
#include "launcher/cli/find_run.h"

namespace temper::launch {

/// A run as `status` and `list` show it: data first, texts below.
struct RunStatus {
  FoundRun run;
  BackendState state;
  ProgressSummary progress;
};

RunStatus status_of(FoundRun found, BackendState state);

/// Several lines for people. Pure.
std::string status_text(const RunStatus& status);
/// One JSON object without a newline, the same facts. Pure.
std::string status_json(const RunStatus& status);

}  // namespace temper::launch
