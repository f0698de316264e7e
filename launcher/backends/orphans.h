#pragma once

#include <filesystem>
#include <vector>

namespace temper::launch {

/// Processes of this host that were started with `--run <run_dir>` (trainers and their mpirun),
/// found in /proc/<pid>/cmdline (proc(5)). A supervisor or an mpirun that was killed leaves them
/// behind, and two trainers must never write to one run.
std::vector<int> trainers_of(const std::filesystem::path& run_dir,
                             const std::filesystem::path& proc = "/proc");

/// Sends a signal to each; those that ended meanwhile are passed over.
void signal_all(const std::vector<int>& pids, int number);

}  // namespace temper::launch
