#pragma once

#include <span>

#include "launcher/cli/context.h"

namespace CLI {
class App;
}

namespace temper::launch {

/// One verb of the program: `temper plan …`.
struct Verb {
  const char* name;
  const char* summary;
  void (*add)(CLI::App& app, Action& action);
};

/// Parses the command line, runs the chosen verb and returns the exit code. Errors are printed as
/// one message without a stack; see core/base/error.h for the codes.
int run_command_line(int argc, const char* const* argv, std::span<const Verb> verbs,
                     Context& context);

}  // namespace temper::launch
