#include "launcher/backends/process_identity.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "core/base/error.h"

namespace temper::launch {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

std::optional<std::uint64_t> start_ticks_of(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) {
    return std::nullopt;
  }
  // The second field is the program's name in parentheses and may hold anything, even ')'.
  const std::size_t end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) {
    return std::nullopt;
  }
  std::istringstream fields(line.substr(end_of_name + 1));
  std::string field;
  fields >> field;
  if (field == "Z" || field == "X") {
    return std::nullopt;
  }
  constexpr int kFieldsBetween = 18;  // the state is field 3, the start time field 22
  for (int i = 0; i < kFieldsBetween; ++i) {
    fields >> field;
  }
  std::uint64_t ticks = 0;
  return fields >> ticks ? std::optional(ticks) : std::nullopt;
}

ProcessIdentity this_process() {
  return {host_name(), ::getpid(), start_ticks_of(::getpid()).value_or(0)};
}

Liveness liveness_of(const ProcessIdentity& process) {
  if (process.host != host_name()) {
    return Liveness::kOtherHost;
  }
  return process.pid > 0 && start_ticks_of(process.pid) == process.start_ticks ? Liveness::kAlive
                                                                               : Liveness::kDead;
}

bool send_signal(const ProcessIdentity& process, int number) {
  if (liveness_of(process) != Liveness::kAlive) {
    return false;
  }
  if (::kill(process.pid, number) == 0) {
    return true;
  }
  if (errno == EPERM) {
    throw UserError(fmt::format("process {} belongs to another user: {}; ask them, or use sudo",
                                process.pid, std::strerror(errno)));
  }
  return false;
}

}  // namespace temper::launch
