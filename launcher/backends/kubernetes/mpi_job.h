#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "launcher/backends/backend.h"

namespace temper::launch {

// Kubeflow's MPIJob (kubeflow.org/v2beta1). The launcher's pod is the first node: `temper attend`
// supervises there, and rank 0 writes beside it. The other nodes are workers that run sshd, through
// which mpirun starts their ranks. Several nodes need sshd and ssh in the image (Dockerfile).

/// What stands under `spec`, but for runPolicy. Pure.
nlohmann::ordered_json mpi_job_replicas(const JobSpec& spec);

/// What starts the ranks from the launcher of a job of several nodes: mpirun, which finds the nodes
/// in the host file that the operator names in the environment (Open MPI 4.1), and each rank of
/// another node by `program` join, which brings the run at `place` there. Pure.
std::vector<std::string> mpi_job_rank_starter(const recipe::Cluster& cluster,
                                              const LaunchSpec& launch,
                                              const std::filesystem::path& program,
                                              const std::string& place);

}  // namespace temper::launch
