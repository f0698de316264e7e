#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/process_runner.h"

namespace temper::launch {

/// The id of this user's job that is called so and hasn't ended, an array's base id. nullopt: there
/// is none, or Slurm can't say. UserError if there is no squeue.
std::optional<std::string> find_job_named(ProcessRunner& runner, const std::string& name);

/// Runs the sbatch command unless a job of that name is there already, and returns the job's id.
/// A lost answer is looked for by the name. UserError with sbatch's own words if it refuses.
std::string submit_once(ProcessRunner& runner, const std::string& name,
                        const std::vector<std::string>& sbatch);

}  // namespace temper::launch
