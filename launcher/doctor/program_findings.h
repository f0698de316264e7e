#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/process_runner.h"
#include "launcher/doctor/finding.h"

namespace temper::launch {

/// This temper and the trainer that it would start: they must be of the same version.
std::vector<Finding> own_findings(ProcessRunner& runner, const std::string& version,
                                  const std::filesystem::path& trainer);

/// The programs that clusters are reached with: mpirun, sbatch, srun, and kubectl with its context.
/// What is not there is absent.
std::vector<Finding> program_findings(ProcessRunner& runner);

}  // namespace temper::launch
