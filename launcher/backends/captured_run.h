#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/process_runner.h"

namespace temper::launch {

/// What a program that ended said.
struct CapturedRun {
  int code = 0;
  std::string out;
  std::string err;
};

/// Runs a program to its end and keeps what it printed, in memory alone. UserError if it can't be
/// started; how it ended is the caller's to judge. `environment` is added to this process's.
CapturedRun run_captured(ProcessRunner& runner, const std::vector<std::string>& argv,
                         const std::map<std::string, std::string>& environment = {});

/// The first line of what it said about its failure, or its exit code where it said nothing: for
/// messages.
std::string complaint_of(const CapturedRun& run);

}  // namespace temper::launch
