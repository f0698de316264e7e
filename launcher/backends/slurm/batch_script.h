#pragma once

#include <string>
#include <vector>

#include "launcher/backends/backend.h"

namespace temper::launch {

/// The script's name in a run directory.
inline constexpr const char* kBatchScript = "job.sbatch";

/// The script that sbatch gets (sbatch(1), Slurm 22.05 and later): the options as #SBATCH lines,
/// the site's setup lines, then `temper attend` in the shell's place, so that it gets the signals
/// that Slurm sends to the batch shell. Pure. UserError if a path can't be written into the script.
std::string batch_script(const JobSpec& spec);

/// The same for an array of runs (sbatch(1), --array), which share all that the first one's cluster
/// file says: element i attends to run i, and logs into its directory.
std::string array_script(const std::vector<JobSpec>& specs);

/// The array's name: other runs give another one.
std::string array_name(const std::vector<JobSpec>& specs);

/// The line that submits the script in the run's directory.
std::vector<std::string> sbatch_command(const JobSpec& spec);

/// What starts the ranks inside the job: srun with the site's MPI plugin, or Open MPI's mpirun,
/// which finds the job's nodes in Slurm's environment. `starter` is not kAuto. The variables are
/// those passed on to the ranks.
std::vector<std::string> slurm_rank_starter(const recipe::Cluster& cluster,
                                            recipe::RankStarter starter, const LaunchSpec& launch);

}  // namespace temper::launch
