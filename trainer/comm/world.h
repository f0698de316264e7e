#pragma once

#include <optional>
#include <string>

#include "core/base/environment.h"

namespace temper::comm {

/// What the launcher's environment says about this process.
struct World {
  int rank = 0;
  std::optional<int> size;  ///< nullopt: only MPI itself knows it (PMIx)
  std::string source;       ///< "none", "Open MPI", "Slurm PMIx", "PMIx" or "PMI"
  bool uses_mpi = false;    ///< the ranks can meet through MPI
  bool operator==(const World&) const = default;
};

/// Open MPI's mpirun sets OMPI_COMM_WORLD_SIZE and _RANK (ompi/runtime, "Environment variables" of
/// mpirun(1)); srun --mpi=pmix sets PMIX_RANK and SLURM_PROCID; srun --mpi=pmi2 sets PMI_RANK and
/// PMI_SIZE. A batch script alone also sees SLURM_PROCID, which therefore says nothing. UserError
/// for a value that is no number, and for several Slurm tasks that MPI can't join (srun without
/// --mpi=pmix): each would train alone.
World read_world(const Environment& environment);

}  // namespace temper::comm
