#pragma once

#include <string>
#include <vector>

#include "launcher/backends/backend.h"

namespace temper::launch {

/// The script that sbatch gets (sbatch(1), Slurm 22.05 and later): the options as #SBATCH lines,
/// the site's setup lines, then `temper attend` in the shell's place, so that it gets the signals
/// that Slurm sends to the batch shell. Pure. UserError if a path can't be written into the script.
std::string batch_script(const JobSpec& spec);

/// The line that submits it.
std::vector<std::string> sbatch_command(const JobSpec& spec);

/// What starts the ranks inside the job: srun with the site's MPI plugin, or Open MPI's mpirun,
/// which finds the job's nodes in Slurm's environment. `starter` is not kAuto. The variables are
/// those passed on to the ranks.
std::vector<std::string> slurm_rank_starter(const recipe::Cluster& cluster,
                                            recipe::RankStarter starter, const LaunchSpec& launch);

}  // namespace temper::launch
