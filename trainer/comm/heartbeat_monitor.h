#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trainer/comm/heartbeat_message.h"

namespace temper::comm {

struct HeartbeatSettings {
  std::chrono::nanoseconds interval = std::chrono::seconds(1);  ///< between two beats
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);  ///< silence of a frozen rank
  /// Without any rank's progress; and so long is looked at to tell whether a rank is slow.
  std::chrono::nanoseconds stall = std::chrono::minutes(5);
};

/// Judges the ranks that it watches by what is heard of them. Pure: time comes in as an argument,
/// never falling. One thread.
class HeartbeatMonitor {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Watched {
    int rank = 0;
    std::string host;
  };

  HeartbeatMonitor(std::vector<Watched> ranks, const HeartbeatSettings& settings, Time now);

  void heard(int rank, const Beat& beat, Time now);
  /// With 0 or 85 it leaves in order; with anything else it is lost.
  void left(int rank, const Farewell& farewell);
  /// Its connection ended. After a farewell that is no news.
  void cut_off(int rank, const std::string& why);

  /// The first loss that there is: a dead rank, one that failed, a frozen one. Call it at least
  /// every interval, after everything that came was handed in: if the caller itself slept for half
  /// a timeout, all others get a full one again.
  std::optional<Loss> judge(Time now);

  /// A report of every rank's step and phase once nobody entered a phase or began a step for
  /// `stall` although all are heard of; again every `stall`.
  std::optional<std::string> stall_report(Time now);

  /// A report of the one rank that all others waited for in most of the last `stall`, by what their
  /// beats said; nullopt before that is over, or if there is no such rank.
  std::optional<std::string> slow_report(Time now);

 private:
  struct State {
    Watched who;
    Time heard_at;
    Beat beat;
    std::int64_t num_beats = 0;  // since the last slow_report, and in how many of them it waited
    std::int64_t num_waiting = 0;
    bool has_left = false;
    std::optional<std::string> failure;  // dead, or left with an error
    int exit_code = 75;
  };
  State* find(int rank);
  Loss loss_of(const State& state, std::string reason) const;

  std::vector<State> states_;
  HeartbeatSettings settings_;
  Time judged_at_;
  Time progress_at_;
  Time slow_since_;
};

}  // namespace temper::comm
