#include "launcher/backends/local_backend.h"

#include <fmt/format.h>
#include <signal.h>

#include "core/base/error.h"
#include "launcher/backends/process_identity.h"
#include "launcher/backends/restart_policy.h"

namespace temper::launch {
namespace {

ProcessIdentity supervisor_of(const run::RunRecord& record) {
  return {record.host, record.supervisor_pid, record.supervisor_start};
}

}  // namespace

LocalBackend::LocalBackend(ProcessRunner& runner) : runner_(runner) {}

std::string LocalBackend::name() const {
  return "local";
}

RenderedJob LocalBackend::render(const JobSpec& spec) const {
  return {{shell_line(attempt_command(spec.launch, "ATTEMPT", {}))}, {}};
}

std::string LocalBackend::submit(const JobSpec& spec) {
  Command command;
  // setsid(1) comes back at once; the program it starts outlives us and our terminal.
  command.argv = {"setsid", "--fork", spec.program.string(), "attend", spec.place};
  command.output = run::RunLayout{spec.launch.run_dir}.launcher_log();
  const int code = runner_.start(command)->wait().code;
  if (code != 0) {
    throw UserError(fmt::format("setsid can't start {} in the background: {}",
                                spec.program.string(), describe_exit(code)));
  }
  return "";
}

BackendState LocalBackend::state(const run::RunRecord& record) const {
  if (!is_active(record.state)) {
    return {record.state, record.message};
  }
  if (record.supervisor_pid == 0) {
    return {record.state, "no supervisor yet"};
  }
  switch (liveness_of(supervisor_of(record))) {
    case Liveness::kAlive:
      return {record.state, record.message};
    case Liveness::kOtherHost:
      return {record.state, fmt::format("as far as known here: it runs on {}", record.host)};
    case Liveness::kDead:
      break;
  }
  return {run::RunState::kFailed,
          fmt::format("its supervisor (process {} on {}) died; `temper resume {}` goes on from the "
                      "last checkpoint",
                      record.supervisor_pid, record.host, record.id)};
}

void LocalBackend::cancel(const run::RunRecord& record) {
  const ProcessIdentity supervisor = supervisor_of(record);
  if (liveness_of(supervisor) == Liveness::kOtherHost) {
    throw UserError(fmt::format("run {} runs on {}: cancel it there", record.id, record.host));
  }
  if (!send_signal(supervisor, SIGTERM)) {
    throw UserError(fmt::format("run {}: {}", record.id, state(record).note));
  }
}

std::chrono::milliseconds LocalBackend::poll_interval() const {
  return std::chrono::milliseconds(50);
}

}  // namespace temper::launch
