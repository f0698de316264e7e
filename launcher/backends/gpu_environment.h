#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/recipe/cluster.h"

namespace temper::launch {

/// The environment of a run's ranks: the cluster file's, and where the ranks have GPUs what makes
/// cuBLAS deterministic (CUBLAS_WORKSPACE_CONFIG, NVIDIA's cuBLAS documentation, "Results
/// reproducibility") and how NCCL's process group is to behave (LibTorch's ProcessGroupNCCL.hpp):
/// errors end the communicators, not the process, and its flight recorder writes into `logs` when a
/// collective is late. What the cluster file says stands, but UserError for a
/// CUBLAS_WORKSPACE_CONFIG that would let results differ from run to run.
std::map<std::string, std::string> rank_environment(const recipe::Cluster& cluster,
                                                    const std::filesystem::path& logs);

}  // namespace temper::launch
