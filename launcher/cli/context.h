#pragma once

#include <filesystem>
#include <functional>
#include <ostream>

#include "core/base/clock.h"
#include "core/base/environment.h"
#include "core/base/process_runner.h"

namespace temper::launch {

/// What a verb needs of the world. References outlive it.
struct Context {
  Clock& clock;
  ProcessRunner& runner;
  const Environment& environment;
  std::filesystem::path executable;  ///< this program, for finding the trainer beside it
  std::ostream& out;                 ///< results
  std::ostream& err;                 ///< what happens meanwhile
  bool out_is_terminal = false;
};

/// What the chosen verb does; returns the exit code. Set while the command line is parsed.
using Action = std::function<int(Context&)>;

}  // namespace temper::launch
