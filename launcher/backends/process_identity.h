#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace temper::launch {

/// A process that a reused pid can't be mistaken for.
struct ProcessIdentity {
  std::string host;
  int pid = 0;
  std::uint64_t start_ticks =
      0;  ///< clock ticks since boot, field 22 of /proc/<pid>/stat (proc(5))
  bool operator==(const ProcessIdentity&) const = default;
};

enum class Liveness { kAlive, kDead, kOtherHost };

ProcessIdentity this_process();

/// nullopt if there is no such process here, or if it is a zombie: it has ended.
std::optional<std::uint64_t> start_ticks_of(int pid);

/// kOtherHost: it ran on another machine, so nobody here can tell.
Liveness liveness_of(const ProcessIdentity& process);

/// Sends a signal if the process is alive on this host; false if it isn't. UserError if it belongs
/// to somebody else.
bool send_signal(const ProcessIdentity& process, int number);

}  // namespace temper::launch
