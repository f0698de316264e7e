#pragma once

#include <functional>
#include <string>

namespace temper::testing {

/// Runs `body` in a forked copy of this process, so that limits, users and crashes stay there.
/// Returns its exit code: 0 if `body` returned "", else 1 after printing what it returned or threw;
/// 128 + signal if it was killed. Call it while no other threads run.
int run_in_child(const std::function<std::string()>& body);

/// The same for `count` copies at once; `body` gets the index. Returns how many ended with 0.
int run_in_children(int count, const std::function<std::string(int index)>& body);

/// Runs as a user who may not write everywhere: as root becomes "nobody" (only in a child process).
void drop_root();

}  // namespace temper::testing
