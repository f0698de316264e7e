#include "launcher/backends/local_backend.h"

#include <fmt/format.h>
#include <signal.h>

#include "core/base/error.h"
#include "launcher/backends/process_identity.h"

namespace temper::launch {
namespace {

ProcessIdentity supervisor_of(const run::RunRecord& record) {
  return {record.host, record.supervisor_pid, record.supervisor_start};
}

bool claims_to_live(run::RunState state) {
  return state == run::RunState::kPending || state == run::RunState::kRunning;
}

}  // namespace

LocalBackend::LocalBackend(Clock& clock, ProcessRunner& runner) : clock_(clock), runner_(runner) {}

std::string LocalBackend::name() const {
  return "local";
}

std::vector<std::string> LocalBackend::render(const LaunchSpec& spec) const {
  return {shell_line(local_command(spec, "ATTEMPT", {}))};
}

Verdict LocalBackend::run(const run::RunRecord& record, const LaunchSpec& spec,
                          const RestartPolicy& policy, SignalSource& signals,
                          RunObserver& observer) {
  run::RunRecord ours = record;
  const ProcessIdentity self = this_process();
  ours.backend = name();
  ours.host = self.host;
  ours.supervisor_pid = self.pid;
  ours.supervisor_start = self.start_ticks;
  return Supervisor(clock_, runner_, signals, observer).supervise(ours, spec, policy);
}

BackendState LocalBackend::state(const run::RunRecord& record) const {
  if (!claims_to_live(record.state)) {
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

std::unique_ptr<Backend> make_backend(recipe::ClusterKind kind, Clock& clock,
                                      ProcessRunner& runner) {
  switch (kind) {
    case recipe::ClusterKind::kLocal:
      return std::make_unique<LocalBackend>(clock, runner);
  }
  throw UserError(fmt::format("no backend for kind: {}", recipe::name_of(kind)));
}

}  // namespace temper::launch
