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
    : settings_(settings), judged_at_(now), progress_at_(now), slow_since_(now) {
  for (Watched& rank : ranks) {
    State& state = states_.emplace_back();
    state.who = std::move(rank);
    state.heard_at = now;
    state.beat.phase = "start";
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
    ++state->num_beats;
    state->num_waiting += beat.waits ? 1 : 0;
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

std::optional<std::string> HeartbeatMonitor::slow_report(Time now) {
  if (now - slow_since_ <= settings_.stall) {
    return std::nullopt;
  }
  slow_since_ = now;
  constexpr double kBusy = 0.1;     // the slow rank waits no more than this
  constexpr double kWaiting = 0.5;  // and every other one at least so much
  double least = 1;
  std::vector<const State*> busy;
  for (State& state : states_) {
    const double share = state.num_beats == 0 ? 0
                                              : static_cast<double>(state.num_waiting) /
                                                    static_cast<double>(state.num_beats);
    state.num_beats = 0;
    state.num_waiting = 0;
    if (share <= kBusy) {
      busy.push_back(&state);
    } else {
      least = std::min(least, share);
    }
  }
  if (busy.size() != 1 || least < kWaiting) {
    return std::nullopt;
  }
  const State& slow = *busy.front();
  return fmt::format(
      "rank {} ({}) is slow: the other ranks waited for it in {:.0f} % of the last {:.0f} s or "
      "more. It is at step {}, phase {}",
      slow.who.rank, slow.who.host, 100 * least, seconds(settings_.stall), slow.beat.step,
      slow.beat.phase);
}

}  // namespace temper::comm
