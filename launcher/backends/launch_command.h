#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/process_runner.h"

namespace temper::launch {

/// What to start, without where its output goes.
struct LaunchSpec {
  std::filesystem::path trainer;  ///< the temper-trainer program
  std::filesystem::path run_dir;
  int ranks = 1;
  int slot_workers = 1;              ///< a rank
  bool gpus = false;                 ///< each rank has one of its own
  std::string allow_changed;         ///< "recipe,data,model" or a part of it, or empty
  std::int64_t hold_after_step = 0;  ///< trainers wait after it to be killed; 0: they don't
  std::filesystem::path trace;       ///< trainers write timelines for this file; empty: they don't
  std::map<std::string, std::string> environment;  ///< from the cluster file
  bool as_root = false;                            ///< mpirun refuses to run as root unless told
  /// Not empty: this `temper` starts the ranks, which meet over TCP (`temper start-ranks`).
  std::filesystem::path tcp_starter;
  int nodes = 1;  ///< over which the ranks are spread; with tcp_starter this is one of them
  std::int64_t heartbeat_timeout_seconds = 30;
  std::int64_t meeting_timeout_seconds = 600;  ///< all ranks must have started within it
  /// Command line that starts the trainer once for each rank, where the place has its own: srun …
  /// Empty: the trainer itself for one rank, mpirun (Open MPI 4.1, mpirun(1)) for several.
  std::vector<std::string> rank_starter;
};

/// What each rank runs. Pure.
std::vector<std::string> rank_command(const LaunchSpec& spec, std::string_view attempt);

/// The command of one attempt. Pure. Ranks are not bound to cores: slot workers share them.
Command attempt_command(const LaunchSpec& spec, std::string_view attempt,
                        const std::filesystem::path& output);

/// A word as a shell takes it, in quotes where it needs them.
std::string shell_word(const std::string& word);

/// The command as it would be typed into a shell, its environment in front.
std::string shell_line(const Command& command);
std::string shell_line(const std::vector<std::string>& argv);

}  // namespace temper::launch
