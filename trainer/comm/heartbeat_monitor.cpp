#include "trainer/comm/heartbeat_monitor.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace temper::comm {
namespace {

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

bool is_orderly(int exit_code) {
  return exit_code == static_cast<int>(ExitCode::kDone) ||
         exit_code == static_cast<int>(ExitCode::kCheckpointed);
}

}  // namespace

HeartbeatMonitor::HeartbeatMonitor(std::vector<Watched> ranks, const HeartbeatSettings& settings,
                                   Time now)
    : settings_(settings), judged_at_(now), progress_at_(now) {
  for (Watched& rank : ranks) {
    states_.push_back({std::move(rank), now, {0, "start", 0}, false, std::nullopt});
  }
}

HeartbeatMonitor::State* HeartbeatMonitor::find(int rank) {
  const auto found = std::find_if(states_.begin(), states_.end(),
                                  [&](const State& state) { return state.who.rank == rank; });
  return found == states_.end() ? nullptr : &*found;
}

void HeartbeatMonitor::heard(int rank, const Beat& beat, Time now) {
  if (State* state = find(rank)) {
    state->heard_at = now;
    if (state->beat.count != beat.count || state->beat.step != beat.step) {
      progress_at_ = now;
    }
    state->beat = beat;
  }
}

void HeartbeatMonitor::left(int rank, const Farewell& farewell) {
  State* state = find(rank);
  if (state == nullptr || state->has_left) {
    return;
  }
  state->has_left = true;
  if (!is_orderly(farewell.exit_code)) {
    state->failure =
        fmt::format("it left with exit code {}: {}", farewell.exit_code, farewell.message);
    state->exit_code = farewell.exit_code;
  }
}

void HeartbeatMonitor::cut_off(int rank, const std::string& why) {
  State* state = find(rank);
  if (state != nullptr && !state->has_left) {
    state->has_left = true;
    state->failure = fmt::format("its process or machine died ({})", why);
  }
}

Loss HeartbeatMonitor::loss_of(const State& state, std::string reason) const {
  return {state.who.rank,  state.who.host,   std::move(reason),
          state.beat.step, state.beat.phase, state.exit_code};
}

std::optional<Loss> HeartbeatMonitor::judge(Time now) {
  if (now - judged_at_ > settings_.timeout / 2) {
    for (State& state : states_) {
      state.heard_at = now;
    }
  }
  judged_at_ = now;
  for (const State& state : states_) {
    if (state.failure) {
      return loss_of(state, *state.failure);
    }
  }
  for (const State& state : states_) {
    if (!state.has_left && now - state.heard_at > settings_.timeout) {
      return loss_of(state, fmt::format("nothing was heard of it for {:.0f} s, so it is frozen or "
                                        "cut off",
                                        seconds(now - state.heard_at)));
    }
  }
  return std::nullopt;
}

std::optional<std::string> HeartbeatMonitor::stall_report(Time now) {
  if (now - progress_at_ <= settings_.stall) {
    return std::nullopt;
  }
  std::string report =
      fmt::format("no rank got on for {:.0f} s although all are alive:", seconds(settings_.stall));
  for (const State& state : states_) {
    report += fmt::format(" rank {} ({}): step {}, {}{};", state.who.rank, state.who.host,
                          state.beat.step, state.beat.phase, state.has_left ? ", has left" : "");
  }
  report.pop_back();
  progress_at_ = now;
  return report;
}

}  // namespace temper::comm
