#pragma once

#include <optional>
#include <string>

#include "core/base/environment.h"

namespace temper::run {

/// Where ranks that meet over TCP find each other: rank 0 listens there.
struct MeetingPlace {
  std::string address;
  int port = 0;
  bool operator==(const MeetingPlace&) const = default;
};

/// The machine (node, pod, replica) of this process among those of its job.
struct Node {
  int index = 0;
  std::optional<int> count;             ///< nullopt: only the plan knows it
  std::optional<MeetingPlace> meeting;  ///< on node 0; nullopt: the environment names none
  std::string source = "none";          ///< "PET", "CLUSTER_SPEC", "Kubernetes" or "none"
  bool operator==(const Node&) const = default;
};

/// PET_NODE_RANK, PET_NNODES, PET_MASTER_ADDR, PET_MASTER_PORT (torchrun's, set by Kubeflow's
/// TrainJob in any program's environment); CLUSTER_SPEC (Vertex AI: worker pools in the order of
/// their names, the node's own in `task`); JOB_COMPLETION_INDEX (Kubernetes' Indexed Jobs and
/// JobSets) with MASTER_ADDR and MASTER_PORT. "none" is the only one of its kind. UserError for
/// values that are no numbers or contradict each other.
Node read_node(const Environment& environment);

/// How the ranks of a world can meet.
enum class Transport { kNone, kMpi, kTcp };

/// What the launcher's environment says about this process.
struct World {
  int rank = 0;
  std::optional<int> size;  ///< nullopt: only MPI itself or the plan knows it
  std::string source;       ///< "none", "Open MPI", "torchrun", "CLUSTER_SPEC" …
  Transport transport = Transport::kNone;
  MeetingPlace meeting;  ///< for kTcp
  bool operator==(const World&) const = default;
};

/// MPI's own variables win, as they are nearest to the process: Open MPI's mpirun sets
/// OMPI_COMM_WORLD_SIZE and _RANK (mpirun(1), "Environment Variables"); srun --mpi=pmix sets
/// PMIX_RANK and SLURM_PROCID; srun --mpi=pmi2 sets PMI_RANK and PMI_SIZE. Then RANK, WORLD_SIZE,
/// MASTER_ADDR and MASTER_PORT (torchrun, and `temper start-ranks`), then read_node's with one rank
/// a node. A batch script alone also sees SLURM_PROCID, which therefore says nothing.
///
/// UserError for a value that is no number, for variables that contradict each other, and for
/// several Slurm tasks that can't meet (srun without --mpi=pmix): each would train alone.
World read_world(const Environment& environment);

}  // namespace temper::run
