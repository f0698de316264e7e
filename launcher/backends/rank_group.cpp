#include "launcher/backends/rank_group.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/run/run_layout.h"
#include "launcher/backends/free_port.h"

namespace temper::launch {
namespace {

/// How much a failure tells: its own reason, a lost peer's, none.
int weight(int code) {
  constexpr int kKilled = 128;
  if (code > kKilled) {
    return 1;
  }
  return code == static_cast<int>(ExitCode::kRetryable) ? 2 : 3;
}

}  // namespace

RankGroupSpec place_ranks(int ranks_here, int size, std::vector<std::string> argv,
                          const Environment& environment) {
  RankGroupSpec spec{
      std::move(argv), 0, ranks_here, size, {}, environment.get("TEMPER_LAUNCH").value_or("")};
  if (size == ranks_here) {
    spec.meeting = {"127.0.0.1", free_port()};
    spec.launch = run::new_id();  // another start of the run may be given the same port
    return spec;
  }
  const run::Node node = run::read_node(environment);
  if (!node.meeting) {
    throw UserError(fmt::format(
        "{} of {} ranks are to be started here, but the environment does not say which machine "
        "this is and where they meet (JOB_COMPLETION_INDEX, MASTER_ADDR and MASTER_PORT; PET_*; "
        "CLUSTER_SPEC)",
        ranks_here, size));
  }
  const int nodes = node.count.value_or(size / ranks_here);
  if (nodes * ranks_here != size || node.index >= nodes) {
    throw UserError(fmt::format(
        "machine {} of {} ({}) with {} ranks on each can't be part of {} ranks; start as many "
        "machines as the plan says",
        node.index, nodes, node.source, ranks_here, size));
  }
  spec.first_rank = node.index * ranks_here;
  spec.meeting = *node.meeting;
  return spec;
}

RankGroup::RankGroup(Clock& clock, ProcessRunner& runner, SignalSource& signals)
    : clock_(clock), runner_(runner), signals_(signals) {}

int RankGroup::run(const RankGroupSpec& spec, const std::function<void()>& on_look) {
  start(spec);
  while (!running_.empty()) {
    if (on_look) {
      on_look();
    }
    pass_signals_on();
    look();
    if (kill_at_ && clock_.steady_now() >= *kill_at_) {
      for (const auto& rank : running_) {
        rank->signal(SIGKILL);
      }
    }
    if (!running_.empty()) {
      clock_.sleep_for(kPollInterval);
    }
  }
  return code_;
}

void RankGroup::start(const RankGroupSpec& spec) {
  for (int local = 0; local < spec.ranks_here; ++local) {
    Command command;
    command.argv = spec.argv;
    command.own_process_group = false;
    command.environment = spec.environment;
    command.environment.insert({{"RANK", fmt::to_string(spec.first_rank + local)},
                                {"LOCAL_RANK", fmt::to_string(local)},
                                {"WORLD_SIZE", fmt::to_string(spec.size)},
                                {"MASTER_ADDR", spec.meeting.address},
                                {"MASTER_PORT", fmt::to_string(spec.meeting.port)},
                                {"TEMPER_LAUNCH", spec.launch}});
    running_.push_back(runner_.start(command));
  }
}

void RankGroup::pass_signals_on() {
  while (const std::optional<int> number = signals_.poll()) {
    for (const auto& rank : running_) {
      rank->signal(*number);
    }
  }
}

void RankGroup::look() {
  int worst = 0;
  std::erase_if(running_, [&](const std::unique_ptr<Process>& rank) {
    const std::optional<ExitStatus> status = rank->poll();
    if (status && status->code == 0 && !kill_at_) {
      kill_at_ = clock_.steady_now() + kEndGrace;
    }
    if (status && status->code != 0 && (worst == 0 || weight(status->code) > weight(worst))) {
      worst = status->code;
    }
    return status.has_value();
  });
  if (worst != 0 && code_ == 0) {
    code_ = worst;
    kill_at_ = clock_.steady_now() + kGrace;
  }
}

}  // namespace temper::launch
