#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/environment.h"
#include "core/base/process_runner.h"
#include "core/run/world.h"
#include "launcher/backends/signal_source.h"

namespace temper::launch {

/// Ranks that one machine starts, of a world that meets over TCP.
struct RankGroupSpec {
  std::vector<std::string> argv;  ///< of every rank
  int first_rank = 0;
  int ranks_here = 1;
  int size = 1;  ///< of the world
  run::MeetingPlace meeting;
  std::string launch;  ///< tells this start of the run from others: TEMPER_LAUNCH
  std::map<std::string, std::string> environment = {};  ///< more variables of every rank
};

/// Ranks 0 to `ranks_here` of a world of this machine alone, which meet at a port of it; or, if
/// `size` is larger, those of this machine among others, by what the environment says of it
/// (core/run/world.h). UserError if it does not say enough, or the numbers don't fit.
RankGroupSpec place_ranks(int ranks_here, int size, std::vector<std::string> argv,
                          const Environment& environment);

/// Starts ranks and waits for them, as mpirun does: each gets RANK, WORLD_SIZE, LOCAL_RANK,
/// MASTER_ADDR, MASTER_PORT and TEMPER_LAUNCH. Signals are passed on to all. Once one has failed
/// the others have kGrace to leave by themselves, then they are killed: one may be frozen. Ranks
/// end together, so they also are killed kEndGrace after the first one that is done. Ranks are in
/// the caller's process group, so whoever kills that kills them too.
class RankGroup {
 public:
  static constexpr std::chrono::seconds kGrace{5};
  static constexpr std::chrono::seconds kEndGrace{30};
  static constexpr std::chrono::milliseconds kPollInterval{20};

  RankGroup(Clock& clock, ProcessRunner& runner, SignalSource& signals);

  /// Returns when all have ended: the code of the first one that failed (of several at the same
  /// look, the one that says most: neither retryable nor killed), or 0. UserError if the program
  /// can't be started. `on_look` is called every kPollInterval meanwhile.
  int run(const RankGroupSpec& spec, const std::function<void()>& on_look = {});

 private:
  void start(const RankGroupSpec& spec);
  void pass_signals_on();
  void look();

  Clock& clock_;
  ProcessRunner& runner_;
  SignalSource& signals_;
  std::vector<std::unique_ptr<Process>> running_;
  int code_ = 0;
  std::optional<std::chrono::steady_clock::time_point> kill_at_;
};

}  // namespace temper::launch
