#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/recipe/recipe.h"
#include "launcher/backends/signal_source.h"
#include "launcher/cli/context.h"

namespace temper::launch {

/// One training of `temper verify`.
struct Trial {
  std::int64_t ranks = 1;
  std::int64_t slot_workers = 1;
  /// Killed by SIGKILL once this step is done and a checkpoint exists, then resumed on
  /// `resume_ranks`; 0: left alone.
  std::int64_t kill_after_step = 0;
  std::chrono::nanoseconds kill_delay{0};  ///< after that
  std::int64_t resume_ranks = 0;
  bool gpus = false;  ///< each rank has one of this machine
};

struct TrialResult {
  Trial trial;
  double seconds = 0;
  std::string sha256;   ///< over the result's safetensors files; empty: there is none
  std::string problem;  ///< why there is none, or why the trial proves nothing; one line
};

/// Trains `recipe` in a new run directory under recipe.checkpoint.to and hashes what comes out.
/// Signals that ask the launcher to stop throw StopRequested.
TrialResult run_trial(Context& context, const recipe::Recipe& recipe, const Trial& trial,
                      const std::filesystem::path& trainer, SignalSource& signals);

/// The table for people: all results compared with the first. Pure.
std::string verify_table(const std::vector<TrialResult>& results);

/// For `verify --json`, on one line: whether all are the same, the seed and each trial. Pure.
std::string verify_json(const std::vector<TrialResult>& results, std::uint64_t seed);

/// True if there are results and all of them are the same bits.
bool all_the_same(const std::vector<TrialResult>& results);

}  // namespace temper::launch
